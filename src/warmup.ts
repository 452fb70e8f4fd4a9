import { invalidArgument } from './config/check.js';
import type { WasmError } from './contract/result.js';
import type { HandlerSources } from './handler-sources.js';
import { checkShape } from './pool/execute-options.js';
import type { InstancePool } from './pool/instance-pool.js';

/** Source, an artifact, or source with the name of its file. */
export type WarmupUnit = string | Uint8Array | { readonly code: string; readonly filename?: string };

export interface WarmupOptions {
  /** Workers to have up, 1 to `maxInstances`. Those above `minInstances` end when they idle. Default: `minInstances` */
  readonly instances?: number;
}

export interface WarmupReport {
  /** Workers that are up. */
  readonly instances: number;
  /** Handlers that all of them know. */
  readonly loaded: number;
  /** Handlers that did not compile: where they stand in what was given, and why. */
  readonly failures: readonly { readonly index: number; readonly error: WasmError }[];
}

/** Starts workers, compiles handlers and gives each an image in every worker. */
export async function warmUp(
  handlers: Iterable<WarmupUnit>,
  options: WarmupOptions,
  pool: InstancePool,
  sources: HandlerSources,
): Promise<WarmupReport> {
  checkShape('options', options, { instances: true });
  const { instances } = options;
  if (instances !== undefined && !(Number.isInteger(instances) && instances >= 1 && instances <= pool.maxInstances)) {
    throw invalidArgument(
      'options.instances',
      instances,
      `a whole number from 1 to ${pool.maxInstances} (maxInstances)`,
    );
  }
  if (typeof handlers === 'string' || typeof handlers[Symbol.iterator] !== 'function') {
    throw invalidArgument('handlers', handlers, 'a list of handlers');
  }
  await pool.ready(instances);
  const failures: WarmupReport['failures'][number][] = [];
  let loaded = 0;
  for (const [index, unit] of [...handlers].entries()) {
    const attempt = await obtain(unit, index, sources);
    if (attempt.ok) {
      await pool.load(attempt.handler.key, attempt.handler.bytecode);
      loaded++;
    } else failures.push({ index, error: attempt.error });
  }
  const { busy, idle } = pool.stats;
  return { instances: busy + idle, loaded, failures };
}

function obtain(unit: WarmupUnit, index: number, sources: HandlerSources) {
  if (typeof unit === 'string') return sources.source(unit)(undefined);
  if (unit instanceof Uint8Array) return sources.artifact(unit)(undefined);
  if (typeof unit !== 'object' || unit === null) {
    throw invalidArgument(`handlers[${index}]`, unit, 'source, an artifact, or an object { code, filename }');
  }
  checkShape(`handlers[${index}]`, unit, { code: true, filename: true });
  return sources.source(unit.code)(unit.filename);
}
