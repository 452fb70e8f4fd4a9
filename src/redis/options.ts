import { describe, integer, rejectUnknownKeys, requireObject } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { type OwnClient, PlainCalls, ReplicatedCalls, type ScriptCalls } from './calls.js';
import type { RedisLike } from './client.js';

const DEFAULT_PREFIX = 'nexus';
const PREFIX = /^[A-Za-z0-9_.:/-]{1,64}$/;
const DEFAULT_REPLICAS_TIMEOUT_MS = 1_000;
const MAX_REPLICAS = 100;
const MAX_REPLICAS_TIMEOUT_MS = 60_000;

/** Options of a {@link RedisSuspensionStore}. */
export interface RedisStoreOptions {
  /** A `Redis` or `Cluster` of ioredis. It remains the application's own: the store does not close it. */
  readonly client: RedisLike;
  /** What its keys begin with, one for each application: up to 64 letters, digits and `_.:/-`. @default `nexus` */
  readonly prefix?: string;
  /**
   * How many replicas must have what is acknowledged. It takes a connection of its own, and is not for a Cluster: there, set
   * `min-replicas-to-write`. @default 0
   */
  readonly replicas?: number;
  /** How long an operation waits for them, in milliseconds, before it is refused. @default 1,000 */
  readonly replicasTimeoutMs?: number;
}

/** @throws NexusError INVALID_CONFIG */
export function resolveOptions(options: RedisStoreOptions) {
  requireObject('options of RedisSuspensionStore', options);
  rejectUnknownKeys(options, ['client', 'prefix', 'replicas', 'replicasTimeoutMs'], '');
  const { client, prefix = DEFAULT_PREFIX } = options;
  if (typeof client?.callBuffer !== 'function') {
    throw invalid('client', client, 'a Redis or Cluster of ioredis, such as `new Redis(url)`');
  }
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw invalid('prefix', prefix, 'up to 64 letters, digits and _ . : / -');
  }
  const replicas = integer('replicas', options.replicas, 0, { min: 0, max: MAX_REPLICAS });
  const range = { min: 1, max: MAX_REPLICAS_TIMEOUT_MS };
  const timeoutMs = integer('replicasTimeoutMs', options.replicasTimeoutMs, DEFAULT_REPLICAS_TIMEOUT_MS, range);
  if (replicas > 0 && (client.isCluster || typeof client.duplicate !== 'function')) {
    const why = client.isCluster
      ? 'with a Cluster, whose clients send WAIT to any node'
      : 'with a client without duplicate()';
    throw invalid('replicas', replicas, `0 ${why}; set min-replicas-to-write of the servers`);
  }
  const openCalls = (): ScriptCalls => {
    if (replicas === 0) return new PlainCalls(client);
    const own = client.duplicate?.({ autoResendUnfulfilledCommands: false } as never) as OwnClient;
    // Each command that fails says so.
    own.on('error', () => {});
    return new ReplicatedCalls(own, replicas, timeoutMs);
  };
  return { client, prefix, replicas, openCalls };
}

function invalid(option: string, given: unknown, expected: string): NexusError {
  return new NexusError('INVALID_CONFIG', `${option} is ${describe(given)}; it must be ${expected}.`, {
    context: { option, expected },
  });
}
