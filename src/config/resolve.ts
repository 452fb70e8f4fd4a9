import type { Dispatcher } from '../api/dispatcher.js';
import type { ExecutionLimits, LogOverflow } from '../api/limits.js';
import type { RuntimeObserver } from '../api/observing/observer.js';
import type { Tracing } from '../api/observing/tracing.js';
import type { MeteringOptions } from '../api/observing/usage.js';
import type { CacheOptions, MetricsOptions, PoolOptions, RuntimeOptions } from '../api/options.js';
import type { Quota } from '../api/quota.js';
import type { RemoteCache } from '../api/remote-cache.js';
import type { SourceWrap } from '../api/source-options.js';
import { describe, integer, invalidOption, readArgument, rejectUnknownKeys, requireObject } from './check.js';
import { MAX_TIMER_MS } from './limits.js';
import { type LocaleSettings, resolveLocaleSettings } from './locale.js';
import { OBSERVER_KEYS } from './observer-keys.js';
import { OPTION_TABLE, optionNames } from './option-table.js';
import { defaultOf, readChoice, readNumber, readSwitch } from './read-option.js';
import type { LibrariesConfig } from './resolve-libraries.js';
import { type NetworkConfig, resolveNetwork } from './resolve-network.js';
import { type PoolConfig, resolvePool } from './resolve-pool.js';
import { resolveSecrets } from './resolve-secrets.js';
import { resolveSuspension, type SuspensionConfig } from './resolve-suspension.js';
import { resolveMetering, resolveQuota } from './sections/resolve-metering.js';
import { resolveMetrics } from './sections/resolve-metrics.js';
import { type ModulesConfig, resolveModules } from './sections/resolve-modules.js';
import { type NodeConfig, resolveNode } from './sections/resolve-node.js';
import { resolveRemoteCache } from './sections/resolve-remote-cache.js';
import { checkWrap } from './source-options.js';

const GIB = 1024 ** 3;

/** The resolved config: every option is present, and absence is explicit. */
export interface CacheConfig {
  readonly cacheDir: string | false;
  readonly maxCacheSizeBytes: number;
  readonly maxDiskCacheSizeBytes: number;
  /** The first secret seals, and all of them open. */
  readonly cacheSecrets: readonly Uint8Array[];
  /** Undefined if there is none. */
  readonly remoteCache: RemoteCache | undefined;
  readonly maxSourceBytes: number;
  /** Code around sources whose callers want no other. */
  readonly wrap: SourceWrap | undefined;
  /** Whether sources and source maps are kept with the bytecode. */
  readonly source: boolean;
  /** Undefined if handlers import nothing. */
  readonly modules: ModulesConfig | undefined;
}

export interface RuntimeConfig {
  readonly cache: CacheConfig;
  readonly pool: PoolConfig;
  readonly limits: ExecutionLimits;
  /** The highest limits that a single execution may request. */
  readonly ceilings: ExecutionLimits;
  readonly suspension: SuspensionConfig;
  readonly onLogOverflow: LogOverflow;
  /** Of calls that want no others. */
  readonly localeSettings: LocaleSettings;
  readonly observer: RuntimeObserver;
  /** Undefined if calls are not traced. */
  readonly tracing: Tracing | undefined;
  /** False if metrics are off. */
  readonly metrics: false | MetricsOptions;
  /** False if usage is not added up. */
  readonly metering: false | MeteringOptions;
  readonly quota: Quota | undefined;
  readonly resolveHandler: RuntimeOptions['resolveHandler'];
  /** Undefined if who works looks into the store. */
  readonly dispatcher: Dispatcher | undefined;
  /** Undefined if handlers have no network. */
  readonly network: NetworkConfig | undefined;
  /** Undefined if they have nothing of Node. */
  readonly node: NodeConfig | undefined;
}

/**
 * Resolves options to one frozen config with all defaults. It opens and starts nothing.
 *
 * @throws NexusError INVALID_CONFIG naming the option, its value and what is allowed
 */
export function resolveRuntimeConfig(options: RuntimeOptions = {}): RuntimeConfig {
  return readArgument('options', () => resolveRuntimeOptions(options), 'INVALID_CONFIG');
}

function resolveFunction<T>(name: string, given: T): T {
  if (given === undefined || typeof given === 'function') return given;
  throw invalidOption(name, describe(given), 'a function');
}

function resolveDispatcher(given: Dispatcher | undefined): Dispatcher | undefined {
  if (given === undefined || isDispatcher(given)) return given;
  throw invalidOption('dispatcher', describe(given), 'a Dispatcher, for example bullmq() of nexus-runtime/bullmq');
}

/** Whether something has the methods of a {@link Dispatcher}. */
export function isDispatcher(given: unknown): given is Dispatcher {
  const methods = ['dispatch', 'consume', 'close'] as const;
  return (
    typeof given === 'object' &&
    given !== null &&
    methods.every((name) => typeof Reflect.get(given, name) === 'function')
  );
}

function resolveRuntimeOptions(options: RuntimeOptions): RuntimeConfig {
  requireObject('options', options);
  rejectUnknownKeys(options, optionNames(), '');
  const cache = resolveCache(options);
  const pool = withPackages(resolvePool(options), cache.modules);
  const limits = resolveLimits(options, pool);
  const config: RuntimeConfig = {
    cache,
    pool,
    limits,
    ceilings: resolveCeilings(options.limitCeilings, limits),
    suspension: resolveSuspension(options),
    onLogOverflow: readChoice('onLogOverflow', options),
    localeSettings: resolveLocaleSettings(options),
    observer: resolveObserver(options.observer),
    tracing: resolveTracing(options.tracing),
    metrics: resolveMetrics(options.metrics),
    metering: resolveMetering(options.metering),
    quota: resolveQuota(options.quota),
    dispatcher: resolveDispatcher(options.dispatcher),
    resolveHandler: resolveFunction('resolveHandler', options.resolveHandler),
    network: resolveNetwork(options.network),
    node: resolveNode(options.node, pool.libraries),
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
    const known = optionNames('cache', 'pool').filter((name) => name !== 'libraries');
    rejectUnknownKeys(options, known, '');
    const cache = resolveCache(options);
    return { cache, pool: withPackages(resolvePool(options), cache.modules) };
  };
  return readArgument('options', resolve, 'INVALID_CONFIG');
}

/** Packages that handlers import are libraries, unless one has that name already. */
function withPackages(pool: PoolConfig, modules: ModulesConfig | undefined): PoolConfig {
  if (modules === undefined || modules.hoisted.length === 0) return pool;
  const packages = modules.hoisted.map((name) => [name, { kind: 'package', package: name, from: modules.resolveDir }]);
  const libraries = Object.assign(Object.create(null), Object.fromEntries(packages), pool.libraries) as LibrariesConfig;
  return Object.freeze({ ...pool, libraries: Object.freeze(libraries) });
}

function resolveCache(options: CacheOptions): CacheConfig {
  const { cacheDir = OPTION_TABLE.cacheDir.fallback } = options;
  if (cacheDir !== false && (typeof cacheDir !== 'string' || cacheDir === '')) {
    throw invalidOption('cacheDir', cacheDir, 'a path or false');
  }
  const cacheSecrets = resolveSecrets('cacheSecret', options.cacheSecret);
  return Object.freeze({
    cacheDir,
    maxCacheSizeBytes: readNumber('maxCacheSizeBytes', options),
    maxDiskCacheSizeBytes: readNumber('maxDiskCacheSizeBytes', options),
    cacheSecrets,
    remoteCache: resolveRemoteCache(options.remoteCache, cacheSecrets),
    maxSourceBytes: readNumber('maxSourceBytes', options),
    wrap: resolveWrap(options.wrap),
    source: readSwitch('source', options),
    modules: resolveModules(options.modules),
  });
}

function resolveWrap(wrap: SourceWrap | undefined): SourceWrap | undefined {
  if (wrap === undefined) return undefined;
  checkWrap(wrap, 'INVALID_CONFIG');
  return Object.freeze({ ...wrap });
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

function resolveEachLimit(options: RuntimeOptions, { memoryLimitBytes, stackSizeBytes }: PoolConfig): ExecutionLimits {
  /** The default where it fits into the VM. */
  const fitting = (name: 'maxContextBytes' | 'maxResultBytes') =>
    readNumber(name, options, Math.min(defaultOf(name), memoryLimitBytes));
  return Object.freeze({
    memoryLimitBytes,
    stackSizeBytes,
    timeoutMs: readNumber('timeoutMs', options),
    maxHostCalls: readNumber('maxHostCalls', options),
    maxStateMutations: readNumber('maxStateMutations', options),
    maxEvents: readNumber('maxEvents', options),
    maxViewCommands: readNumber('maxViewCommands', options),
    maxLogBytes: readNumber('maxLogBytes', options),
    maxContextBytes: fitting('maxContextBytes'),
    maxResultBytes: fitting('maxResultBytes'),
    maxResultPaths: readNumber('maxResultPaths', options),
    maxInstructions: readNumber('maxInstructions', options),
    maxCpuMs: readNumber('maxCpuMs', options),
    maxTimers: readNumber('maxTimers', options),
    maxSleepMs: readNumber('maxSleepMs', options),
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
