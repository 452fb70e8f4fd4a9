import * as threads from 'node:worker_threads';

import { NexusError } from '../errors/nexus-error.js';

const LEAST_NODE = [20, 19] as const;

/** What a runtime needs of the program that it runs in. */
export interface HostFeatures {
  /** `process.versions.node`; Bun and Deno say which Node they stand for */
  readonly nodeVersion: string | undefined;
  readonly hasWebAssembly: boolean;
  readonly hasThreads: boolean;
  readonly hasSharedMemory: boolean;
  /** Whether threads may be started, where the permission model of Node asks. */
  readonly mayStartThreads: boolean;
}

interface Permission {
  has(scope: string, reference?: string): boolean;
}

/** Node's permission model, where it is on. */
export function permission(): Permission | undefined {
  return (process as { readonly permission?: Permission }).permission;
}

function thisHost(): HostFeatures {
  return {
    nodeVersion: process.versions.node,
    hasWebAssembly: typeof WebAssembly === 'object',
    hasThreads: typeof threads.Worker === 'function',
    hasSharedMemory: typeof SharedArrayBuffer === 'function' && typeof Atomics === 'object',
    mayStartThreads: permission()?.has('worker') ?? true,
  };
}

/**
 * Refuses a host in which no runtime can work, before anything is started.
 *
 * @param needsThreads whether workers will be started
 * @throws NexusError INVALID_CONFIG naming what is missing
 */
export function requireHost(needsThreads: boolean, host: HostFeatures = thisHost()): void {
  const missing = whatIsMissing(needsThreads ? host : { ...host, hasThreads: true, mayStartThreads: true });
  if (missing !== undefined) throw new NexusError('INVALID_CONFIG', `nexus-runtime cannot work here: ${missing}`);
}

function whatIsMissing({ nodeVersion, ...host }: HostFeatures): string | undefined {
  if (!isNewEnough(nodeVersion)) {
    return `it needs Node.js ${LEAST_NODE.join('.')} or newer, this is ${nodeVersion ?? 'no Node.js'}.`;
  }
  if (!host.hasWebAssembly) return 'there is no WebAssembly. Start Node without --jitless.';
  if (!host.hasThreads)
    return 'there are no worker threads (node:worker_threads has no Worker). Use a host that has them.';
  if (!host.hasSharedMemory)
    return 'there is no shared memory (SharedArrayBuffer and Atomics). Use a host that has it.';
  if (!host.mayStartThreads) return 'Node may not start worker threads. Add --allow-worker beside --permission.';
  return undefined;
}

function isNewEnough(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
