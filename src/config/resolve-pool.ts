import type { Isolation, PoolOptions } from '../api/options.js';
import { invalidOption } from './check.js';
import { defaultMaxInstancesPerTenant, defaultMaxQueuePerTenant } from './defaults.js';
import { defaultOf, readChoice, readNumber, readSwitch } from './read-option.js';
import { type LibrariesConfig, resolveLibraries } from './resolve-libraries.js';

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
  readonly maxPreparedBytes: number;
  readonly maxLiveBytes: number;
  readonly libraries: LibrariesConfig;
}

/** @throws NexusError INVALID_CONFIG */
export function resolvePool(options: PoolOptions): PoolConfig {
  const instances = resolveInstances(options);
  const maxQueue = readNumber('maxQueue', options);
  const maxQueuePerTenant = readNumber('maxQueuePerTenant', options, defaultMaxQueuePerTenant(maxQueue));
  requireAtMost({ maxQueuePerTenant }, { maxQueue });
  return Object.freeze({
    ...instances,
    maxQueue,
    maxQueuePerTenant,
    queueTimeoutMs: readNumber('queueTimeoutMs', options),
    retryOnCrash: readSwitch('retryOnCrash', options),
    idleTimeoutMs: readNumber('idleTimeoutMs', options),
    killGraceMs: readNumber('killGraceMs', options),
    compileTimeoutMs: readNumber('compileTimeoutMs', options),
    isolation: readChoice('isolation', options),
    memoryLimitBytes: readNumber('memoryLimitBytes', options),
    stackSizeBytes: readNumber('stackSizeBytes', options),
    maxPreparedBytes: readNumber('maxPreparedBytes', options),
    maxLiveBytes: readNumber('maxLiveBytes', options),
    libraries: resolveLibraries(options.libraries ?? {}),
  });
}

function resolveInstances(
  options: PoolOptions,
): Pick<PoolConfig, 'maxInstances' | 'minInstances' | 'maxInstancesPerTenant'> {
  const maxInstances = readNumber('maxInstances', options);
  const minInstances = readNumber('minInstances', options, Math.min(defaultOf('minInstances'), maxInstances));
  requireAtMost({ minInstances }, { maxInstances });
  const maxInstancesPerTenant = readNumber(
    'maxInstancesPerTenant',
    options,
    defaultMaxInstancesPerTenant(maxInstances),
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
