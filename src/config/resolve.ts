import type { ExecutionLimits, LogOverflow } from '../api/limits.js';
import type { RuntimeObserver } from '../api/observer.js';
import type { CacheOptions, MetricsOptions, PoolOptions, RuntimeOptions } from '../api/options.js';
import type { Quota } from '../api/quota.js';
import type { Tracing } from '../api/tracing.js';
import type { MeteringOptions } from '../api/usage.js';
import {
  count,
  describe,
  integer,
  invalidOption,
  type Keys,
  readArgument,
  rejectUnknownKeys,
  requireObject,
} from './check.js';
import * as defaults from './defaults.js';
import { isLogOverflow, LIMIT_KEYS, MAX_TIMER_MS } from './limits.js';
import { OBSERVER_KEYS } from './observer-keys.js';
import { resolveMetering, resolveQuota } from './resolve-metering.js';
import { resolveMetrics } from './resolve-metrics.js';
import { POOL_KEYS, type PoolConfig, resolvePool } from './resolve-pool.js';
import { resolveSecrets } from './resolve-secrets.js';
import { resolveSuspension, SUSPENSION_KEYS, type SuspensionConfig } from './resolve-suspension.js';

const GIB = 1024 ** 3;

/** The resolved config: every option is present, and absence is explicit. */
export interface CacheConfig {
  readonly cacheDir: string | false;
  readonly maxCacheSizeBytes: number;
  readonly maxDiskCacheSizeBytes: number;
  /** The first secret seals, and all of them open. */
  readonly cacheSecrets: readonly Uint8Array[];
  readonly maxSourceBytes: number;
}

export interface RuntimeConfig {
  readonly cache: CacheConfig;
  readonly pool: PoolConfig;
  readonly limits: ExecutionLimits;
  /** The highest limits that a single execution may request. */
  readonly ceilings: ExecutionLimits;
  readonly suspension: SuspensionConfig;
  readonly onLogOverflow: LogOverflow;
  readonly observer: RuntimeObserver;
  /** Undefined if calls are not traced. */
  readonly tracing: Tracing | undefined;
  /** False if metrics are off. */
  readonly metrics: false | MetricsOptions;
  /** False if usage is not added up. */
  readonly metering: false | MeteringOptions;
  readonly quota: Quota | undefined;
}

const CACHE_KEYS: Keys<CacheOptions> = {
  cacheDir: true,
  maxCacheSizeBytes: true,
  maxDiskCacheSizeBytes: true,
  cacheSecret: true,
  maxSourceBytes: true,
};

const RUNTIME_KEYS: Keys<RuntimeOptions> = {
  ...CACHE_KEYS,
  ...POOL_KEYS,
  ...SUSPENSION_KEYS,
  ...LIMIT_KEYS,
  metrics: true,
  metering: true,
  quota: true,
  limitCeilings: true,
  onLogOverflow: true,
  observer: true,
  tracing: true,
};

/**
 * Resolves options to one frozen config with all defaults. It opens and starts nothing.
 *
 * @throws NexusError INVALID_CONFIG naming the option, its value and what is allowed
 */
export function resolveRuntimeConfig(options: RuntimeOptions = {}): RuntimeConfig {
  return readArgument('options', () => resolveRuntimeOptions(options), 'INVALID_CONFIG');
}

function resolveRuntimeOptions(options: RuntimeOptions): RuntimeConfig {
  requireObject('options', options);
  rejectUnknownKeys(options, Object.keys(RUNTIME_KEYS), '');
  const pool = resolvePool(options);
  const limits = resolveLimits(options, pool);
  const config: RuntimeConfig = {
    cache: resolveCache(options),
    pool,
    limits,
    ceilings: resolveCeilings(options.limitCeilings, limits),
    suspension: resolveSuspension(options),
    onLogOverflow: resolveLogOverflow(options.onLogOverflow),
    observer: resolveObserver(options.observer),
    tracing: resolveTracing(options.tracing),
    metrics: resolveMetrics(options.metrics),
    metering: resolveMetering(options.metering),
    quota: resolveQuota(options.quota),
  };
  return Object.freeze(config);
}

/** The part of the config that a stand-alone HandlerCompiler needs. */
export function resolveCompilerConfig(options: CacheOptions & Omit<PoolOptions, 'libraries'> = {}): {
  cache: CacheConfig;
  pool: PoolConfig;
} {
  const resolve = () => {
    requireObject('options', options);
    const { libraries: _, ...poolKeys } = POOL_KEYS;
    rejectUnknownKeys(options, [...Object.keys(CACHE_KEYS), ...Object.keys(poolKeys)], '');
    return { cache: resolveCache(options), pool: resolvePool(options) };
  };
  return readArgument('options', resolve, 'INVALID_CONFIG');
}

function resolveCache(options: CacheOptions): CacheConfig {
  const { cacheDir = defaults.DEFAULT_CACHE_DIR } = options;
  if (cacheDir !== false && (typeof cacheDir !== 'string' || cacheDir === '')) {
    throw invalidOption('cacheDir', cacheDir, 'a path or false');
  }
  return Object.freeze({
    cacheDir,
    maxCacheSizeBytes: count('maxCacheSizeBytes', options.maxCacheSizeBytes, defaults.DEFAULT_MAX_CACHE_SIZE_BYTES),
    maxDiskCacheSizeBytes: count(
      'maxDiskCacheSizeBytes',
      options.maxDiskCacheSizeBytes,
      defaults.DEFAULT_MAX_DISK_CACHE_SIZE_BYTES,
    ),
    cacheSecrets: resolveSecrets('cacheSecret', options.cacheSecret),
    maxSourceBytes: integer('maxSourceBytes', options.maxSourceBytes, defaults.DEFAULT_MAX_SOURCE_BYTES, {
      min: 1,
      max: 128 * 1024 * 1024,
    }),
  });
}

/** Limits of the runtime, which an execution may lower. */
function resolveLimits(options: RuntimeOptions, pool: PoolConfig): ExecutionLimits {
  const limits = resolveEachLimit(options, pool);
  for (const name of ['maxContextBytes', 'maxResultBytes'] as const) {
    if (limits[name] > pool.memoryLimitBytes) {
      const expected = `at most memoryLimitBytes, which is ${pool.memoryLimitBytes}: it has to fit into the VM`;
      throw invalidOption(name, limits[name], expected);
    }
  }
  return limits;
}

function resolveEachLimit(options: RuntimeOptions, pool: PoolConfig): ExecutionLimits {
  const fitting = (bytes: number) => Math.min(bytes, pool.memoryLimitBytes);
  return Object.freeze({
    memoryLimitBytes: pool.memoryLimitBytes,
    stackSizeBytes: pool.stackSizeBytes,
    timeoutMs: integer('timeoutMs', options.timeoutMs, defaults.DEFAULT_TIMEOUT_MS, { min: 1, max: MAX_TIMER_MS }),
    maxHostCalls: count('maxHostCalls', options.maxHostCalls, defaults.DEFAULT_MAX_HOST_CALLS),
    maxStateMutations: count('maxStateMutations', options.maxStateMutations, defaults.DEFAULT_MAX_STATE_MUTATIONS),
    maxEvents: count('maxEvents', options.maxEvents, defaults.DEFAULT_MAX_EVENTS),
    maxViewCommands: count('maxViewCommands', options.maxViewCommands, defaults.DEFAULT_MAX_VIEW_COMMANDS),
    maxLogBytes: count('maxLogBytes', options.maxLogBytes, defaults.DEFAULT_MAX_LOG_BYTES),
    maxContextBytes: count(
      'maxContextBytes',
      options.maxContextBytes,
      fitting(defaults.DEFAULT_MAX_CONTEXT_BYTES),
      GIB,
    ),
    maxResultBytes: count('maxResultBytes', options.maxResultBytes, fitting(defaults.DEFAULT_MAX_RESULT_BYTES), GIB),
    maxResultPaths: count('maxResultPaths', options.maxResultPaths, defaults.DEFAULT_MAX_RESULT_PATHS),
    maxInstructions: count('maxInstructions', options.maxInstructions, defaults.NO_LIMIT),
    maxCpuMs: integer('maxCpuMs', options.maxCpuMs, defaults.NO_LIMIT, { min: 1, max: defaults.NO_LIMIT }),
  });
}

function resolveCeilings(given: unknown = {}, limits: ExecutionLimits): ExecutionLimits {
  requireObject('limitCeilings', given);
  const { memoryLimitBytes, stackSizeBytes, ...raisable } = limits;
  rejectUnknownKeys(given, Object.keys(raisable), 'limitCeilings.');
  const ceilings: Record<string, number> = { ...limits, timeoutMs: MAX_TIMER_MS };
  for (const [name, value] of Object.entries(given)) {
    const max = name === 'timeoutMs' ? MAX_TIMER_MS : name.endsWith('Bytes') ? GIB : Number.MAX_SAFE_INTEGER;
    const min = raisable[name as keyof typeof raisable];
    ceilings[name] = integer(`limitCeilings.${name}`, value, min, { min, max });
  }
  return Object.freeze(ceilings) as unknown as ExecutionLimits;
}

function resolveLogOverflow(given: unknown = 'cut'): LogOverflow {
  if (isLogOverflow(given)) return given;
  throw invalidOption('onLogOverflow', given, "'cut' or 'error'");
}

function resolveTracing(tracing: Tracing | undefined): Tracing | undefined {
  if (tracing === undefined || typeof tracing?.begin === 'function') return tracing;
  throw invalidOption('tracing', describe(tracing), 'a Tracing, for example openTelemetry() of nexus-runtime/otel');
}

function resolveObserver(observer: unknown = {}): RuntimeObserver {
  requireObject('observer', observer);
  rejectUnknownKeys(observer, Object.keys(OBSERVER_KEYS), 'observer.');
  for (const [name, listener] of Object.entries(observer)) {
    if (listener !== undefined && typeof listener !== 'function') {
      throw invalidOption(`observer.${name}`, describe(listener), 'a function');
    }
  }
  return observer;
}
