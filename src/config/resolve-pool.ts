import type { Isolation, LibraryOption, PoolOptions } from '../api/options.js';
import { boolean, count, integer, invalidOption, type Keys, rejectUnknownKeys, requireObject } from './check.js';
import * as defaults from './defaults.js';
import { MAX_STACK_SIZE_BYTES, MAX_TIMER_MS, MIN_MEMORY_LIMIT_BYTES } from './limits.js';

const GIB = 1024 ** 3;
const MAX_INSTANCES = 1024;

export interface PoolConfig {
  readonly maxInstances: number;
  readonly minInstances: number;
  readonly idleTimeoutMs: number;
  readonly maxQueue: number;
  readonly maxQueuePerTenant: number;
  readonly maxInstancesPerTenant: number;
  /** Infinity for no limit. */
  readonly queueTimeoutMs: number;
  readonly retryOnCrash: boolean;
  readonly killGraceMs: number;
  readonly compileTimeoutMs: number;
  readonly isolation: Isolation;
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
  readonly libraries: Readonly<Record<string, LibraryOption>>;
}

export const POOL_KEYS: Keys<PoolOptions> = {
  maxInstances: true,
  minInstances: true,
  idleTimeoutMs: true,
  maxQueue: true,
  maxQueuePerTenant: true,
  maxInstancesPerTenant: true,
  queueTimeoutMs: true,
  retryOnCrash: true,
  killGraceMs: true,
  compileTimeoutMs: true,
  isolation: true,
  memoryLimitBytes: true,
  stackSizeBytes: true,
  libraries: true,
};

/** @throws NexusError INVALID_CONFIG */
export function resolvePool(options: PoolOptions): PoolConfig {
  const instances = resolveInstances(options);
  const maxQueue = count('maxQueue', options.maxQueue, defaults.DEFAULT_MAX_QUEUE);
  const maxQueuePerTenant = count(
    'maxQueuePerTenant',
    options.maxQueuePerTenant,
    defaults.defaultMaxQueuePerTenant(maxQueue),
  );
  requireAtMost({ maxQueuePerTenant }, { maxQueue });
  return Object.freeze({
    ...instances,
    maxQueue,
    maxQueuePerTenant,
    queueTimeoutMs: milliseconds('queueTimeoutMs', options.queueTimeoutMs, defaults.DEFAULT_QUEUE_TIMEOUT_MS),
    retryOnCrash: boolean('retryOnCrash', options.retryOnCrash, defaults.DEFAULT_RETRY_ON_CRASH),
    idleTimeoutMs: count('idleTimeoutMs', options.idleTimeoutMs, defaults.DEFAULT_IDLE_TIMEOUT_MS, MAX_TIMER_MS),
    killGraceMs: count('killGraceMs', options.killGraceMs, defaults.DEFAULT_KILL_GRACE_MS, MAX_TIMER_MS),
    compileTimeoutMs: milliseconds('compileTimeoutMs', options.compileTimeoutMs, defaults.DEFAULT_COMPILE_TIMEOUT_MS),
    isolation: resolveIsolation(options.isolation),
    memoryLimitBytes: integer('memoryLimitBytes', options.memoryLimitBytes, defaults.DEFAULT_MEMORY_LIMIT_BYTES, {
      min: MIN_MEMORY_LIMIT_BYTES,
      max: 2 * GIB,
      multipleOf: 65_536,
    }),
    stackSizeBytes: integer('stackSizeBytes', options.stackSizeBytes, defaults.DEFAULT_STACK_SIZE_BYTES, {
      min: 64 * 1024,
      max: MAX_STACK_SIZE_BYTES,
    }),
    libraries: resolveLibraries(options.libraries ?? {}),
  });
}

function resolveIsolation(given: Isolation = defaults.DEFAULT_ISOLATION): Isolation {
  if (given === 'handler' || given === 'shared') return given;
  throw invalidOption('isolation', given, "'handler' or 'shared'");
}

function resolveInstances(
  options: PoolOptions,
): Pick<PoolConfig, 'maxInstances' | 'minInstances' | 'maxInstancesPerTenant'> {
  const range = { min: 1, max: MAX_INSTANCES };
  const maxInstances = integer('maxInstances', options.maxInstances, defaults.DEFAULT_MAX_INSTANCES, range);
  const fewest = Math.min(defaults.DEFAULT_MIN_INSTANCES, maxInstances);
  const minInstances = integer('minInstances', options.minInstances, fewest, range);
  requireAtMost({ minInstances }, { maxInstances });
  const maxInstancesPerTenant = integer(
    'maxInstancesPerTenant',
    options.maxInstancesPerTenant,
    defaults.defaultMaxInstancesPerTenant(maxInstances),
    range,
  );
  requireAtMost({ maxInstancesPerTenant }, { maxInstances });
  return { maxInstances, minInstances, maxInstancesPerTenant };
}

/** Requires that a part is not larger than the whole. */
function requireAtMost(part: Readonly<Record<string, number>>, whole: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(part)) {
    for (const [of, most] of Object.entries(whole)) {
      if (value > most) throw invalidOption(option, value, `at most ${of}, which is ${most}`);
    }
  }
}

function milliseconds(option: string, given: unknown, fallback: number): number {
  return integer(option, given, fallback, { min: 1, max: MAX_TIMER_MS });
}

function resolveLibraries(libraries: Readonly<Record<string, LibraryOption>>): PoolConfig['libraries'] {
  requireObject('libraries', libraries);
  for (const [name, library] of Object.entries(libraries)) {
    requireObject(`libraries.${name}`, library);
    rejectUnknownKeys(library, ['source', 'file'], `libraries.${name}.`);
    const { source, file } = library;
    if ((typeof source === 'string') === (typeof file === 'string')) {
      throw invalidOption(`libraries.${name}`, library, 'an object with either source or file, a string');
    }
  }
  return Object.freeze({ ...libraries });
}
