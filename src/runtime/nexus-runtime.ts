import type { AsyncResult, CallResult } from '../api/answers.js';
import type { CapabilityToken } from '../api/capability.js';
import type { WasmContext } from '../api/context.js';
import type { WasmResult } from '../api/result.js';
import type { SuspensionSummary } from '../api/suspension-store.js';
import type { WarmupOptions, WarmupReport, WarmupUnit } from '../api/warmup.js';
import type { VerifyReport } from '../cache/file-tier.js';
import type { EntryUse } from '../cache/memory-tier.js';
import type { CacheStats, TieredCache } from '../cache/tiered-cache.js';
import { TransientArtifacts } from '../cache/transient-artifacts.js';
import { type InferenceOptions, inferCapabilities } from '../capabilities/inference/infer.js';
import type { CachingCompiler, CompileAttempt } from '../compiler/caching-compiler.js';
import { HandlerLoader } from '../compiler/handler-loader.js';
import {
  type PrecompileOptions,
  type PrecompileReport,
  type PrecompileUnit,
  precompileAll,
} from '../compiler/precompile-all.js';
import { invalidArgument, requireText } from '../config/check.js';
import { DEFAULT_DRAIN_TIMEOUT_MS } from '../config/defaults.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { checkShape, type ExecuteOptions, type ResumeOptions } from '../execution/request/execute-options.js';
import { SegmentRunner } from '../execution/segment-runner.js';
import type { Gauges } from '../metrics/exposition.js';
import { type MetricsHandler, metricsHandler } from '../metrics/http.js';
import type { ExecutionStatistics } from '../metrics/statistics.js';
import { Telemetry } from '../metrics/telemetry.js';
import type { CreatePool, HandlerPool } from '../pool/handler-pool.js';
import type { Retirements } from '../protocol/retirement.js';
import { type Environment, systemEnvironment } from '../support/environment.js';
import { InFlight } from '../support/in-flight.js';
import { performance } from '../support/timers.js';
import { Suspensions } from '../suspension/suspensions.js';
import { checkTiers } from './check-tiers.js';
import { createCompileService } from './compile-service.js';
import { Invoker } from './invoker.js';
import type { RunOptions } from './run/run-options.js';
import type { RunProbe } from './run/run-probe.js';
import { warmUp } from './warmup.js';

export interface RuntimeStats extends ExecutionStatistics {
  /** Workers that execute right now. */
  readonly activeInstances: number;
  /** Workers that are up and idle. */
  readonly availableInstances: number;
  /** Workers that are not up yet. */
  readonly startingInstances: number;
  readonly queuedExecutions: number;
  /** Workers, and VMs in them, that were given up, by the reason. */
  readonly retirements: Retirements;
  /** Linear memory of all VMs in the workers, in bytes: no part of the heap that `process.memoryUsage()` shows. */
  readonly totalMemoryBytes: number;
  /** Handlers that this process suspended and that have not ended, as far as it knows. */
  readonly suspendedExecutions: number;
  /** What the store of suspended handlers keeps, those of other processes included, as far as this process knows. */
  readonly suspensionStore: SuspensionStoreStats;
  /** 0 to 1. */
  readonly cacheHitRate: number;
  readonly cache: CacheStats;
}

/** Of what a store of suspended handlers keeps; bounded by `maxSuspensions` and `maxSuspendedBytes`. */
export interface SuspensionStoreStats {
  /** Handlers that wait. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Recorded outcomes of resumes. */
  readonly outcomes: number;
  readonly outcomeBytes: number;
  /** Handlers that there was no room for since the start. */
  readonly rejections: number;
  /** Outcomes that were forgotten before their time since the start. */
  readonly evictedOutcomes: number;
}

/** What a runtime is put together from. */
export interface RuntimeParts {
  readonly createPool: CreatePool;
  readonly onShutdown?: () => void;
  readonly surroundings?: Environment;
}

/** @internal what an execution depends on and its caller does not say */
export interface RuntimeInner {
  readonly config: RuntimeConfig;
  /** Fingerprint. */
  readonly engine: string;
  readonly surroundings: Environment;
  /** What is in an artifact. Rejects with INVALID_ARTIFACT or INVALID_ARGUMENT. */
  open(artifact: Uint8Array): Promise<CompileAttempt>;
}

/** What the disk cache gets at least to finish its writes, when calls took all of the drain timeout. */
const MIN_FLUSH_MS = 500;
/** What calls that the end of the drain timeout cut short get to give back what they hold. */
const RELEASE_MS = 1_000;

/**
 * Runs handlers: compiles them once, keeps them, executes each in a pristine VM. Made by `createRuntime`; shut it down, or declare it with `await using`.
 */
export class NexusRuntime implements AsyncDisposable {
  readonly #config: RuntimeConfig;
  /** Fingerprint. */
  readonly #engine: string;
  readonly #surroundings: Environment;
  readonly #pool: HandlerPool;
  readonly #cache: TieredCache;
  readonly #compiler: CachingCompiler;
  readonly #calls = new InFlight();
  /** By namespace: calls for one key at the same time must meet. */
  readonly #artifacts = new Map<string, TransientArtifacts>();
  readonly #telemetry: Telemetry;
  readonly #sources: HandlerLoader;
  readonly #handlerCalls: Invoker;
  readonly #suspended: Suspensions;
  readonly #onShutdown: () => void;
  #shutdown: Promise<void> | undefined;

  /** @internal use `createRuntime` */
  constructor(
    config: RuntimeConfig,
    engine: string,
    { createPool, onShutdown = () => {}, surroundings = systemEnvironment }: RuntimeParts,
  ) {
    this.#config = config;
    this.#engine = engine;
    this.#surroundings = surroundings;
    this.#onShutdown = onShutdown;
    this.#telemetry = new Telemetry(config.observer, config.metrics, () => this.#gauges());
    const { pool, cache, compiler } = createCompileService(config, engine, createPool, this.#telemetry);
    this.#pool = pool;
    this.#cache = cache;
    this.#compiler = compiler;
    this.#sources = new HandlerLoader(config, engine, compiler, cache);
    this.#suspended = new Suspensions(config, engine, this.#telemetry, surroundings);
    this.#handlerCalls = new Invoker({
      calls: this.#calls,
      sources: this.#sources,
      executions: new SegmentRunner(config, engine, pool, this.#telemetry.events, surroundings),
      suspended: this.#suspended,
      telemetry: this.#telemetry,
      tracing: config.tracing,
      surroundings,
    });
  }

  /**
   * Executes the body of an async function in a VM that has seen nothing before.
   *
   * @param code what stands between the braces of the function: `return`, `await` and the names of the context are in scope
   * @param context what the handler is given; nothing by default
   * @param options a timeout in milliseconds, or more
   * @returns what the handler did; its own faults are a result with `status: 'error'`
   * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR, POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  executeHandler(code: string, context: WasmContext = {}, options?: number | ExecuteOptions): Promise<WasmResult> {
    return this.#handlerCalls.execute(context, options, this.#sources.source(code));
  }

  /**
   * Compiles a handler into an artifact that {@link executeCompiledHandler} takes, here or in another process with the same
   * engine. Also fills the cache.
   *
   * @returns the sealed container of a `.qjsc` file
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  async precompileHandler(code: string, options: { readonly filename?: string } = {}): Promise<Uint8Array> {
    return this.#calls.run(async () => {
      checkShape('options', options, { filename: true });
      const { filename } = options;
      const handler = await this.#compiler.compileOrThrow(code, filename);
      await this.#cache.settled();
      return this.#compiler.seal(handler);
    });
  }

  /**
   * Executes what {@link precompileHandler} returned, after checking every byte of it.
   *
   * @throws NexusError INVALID_ARTIFACT saying which check failed, and whatever {@link executeHandler} throws
   */
  executeCompiledHandler(
    artifact: Uint8Array,
    context: WasmContext = {},
    options?: number | ExecuteOptions,
  ): Promise<WasmResult> {
    return this.#handlerCalls.execute(context, options, this.#sources.artifact(artifact));
  }

  /**
   * Goes on with a suspended handler, here or in another process than the one that it was suspended in.
   *
   * A suspension is resumed once. Whoever asks again, with whatever answers, gets the outcome that was recorded, for a day, or until its
   * room is needed: see `maxSuspendedBytes`.
   *
   * @param suspensionId of {@link WasmResult.suspension}
   * @param answers one answer, to the first of the calls that wait, or several with their call ids. Those without one wait on
   * @param options its `timeoutMs` counts for what is executed now; the other limits go on from what was used
   * @returns what the handler did since, which may be to wait again, as another suspension
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, SUSPENSION_INCOMPATIBLE (the handler is kept), INVALID_ARGUMENT for
   * an answer to no call that waits, SERIALIZATION_ERROR, POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  resumeHandler(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    options: number | ResumeOptions = {},
  ): Promise<WasmResult> {
    return this.#handlerCalls.resume(suspensionId, answers, options);
  }

  /**
   * Calls off a suspended handler. Resuming it gives CANCELLED from then on.
   *
   * @returns whether this call did it: false when it has ended, expired or never was
   */
  cancelSuspension(suspensionId: string): Promise<boolean> {
    return this.#calls.run(async () => {
      requireText('suspensionId', suspensionId);
      return this.#suspended.cancel(suspensionId);
    });
  }

  /** All suspended handlers of the store, those included whose outcome is still kept. Without anything secret. */
  listSuspensions(): AsyncIterable<SuspensionSummary> {
    return this.#suspended.list();
  }

  /** One of {@link listSuspensions}; undefined when it is unknown. */
  inspectSuspension(suspensionId: string): Promise<SuspensionSummary | undefined> {
    return this.#calls.run(async () => {
      requireText('suspensionId', suspensionId);
      return this.#suspended.inspect(suspensionId);
    });
  }

  /**
   * Runs a handler to its end: executes it, hands its effects to `onEffects` whenever it waits, makes the calls it waits for and goes
   * on with their answers. An extension that throws, takes too long or answers with something that cannot enter is an error at
   * the handler's `await`.
   *
   * When the handler has ended, calls that are still under way are told so by their signal and not waited for. Calls that it made
   * last and does not await are made and waited for if it succeeded; after an error, they are `unawaitedCalls` of the result.
   *
   * @param code source, or an artifact
   * @returns the end, with the effects of the whole run
   * @throws NexusError what {@link executeHandler} throws, and what `onEffects` throws
   */
  run(code: string | Uint8Array, context: WasmContext = {}, options: RunOptions = {}): Promise<WasmResult> {
    return this.#handlerCalls.run(code, context, options);
  }

  /** @internal for recordings */
  get inner(): RuntimeInner {
    return {
      config: this.#config,
      engine: this.#engine,
      surroundings: this.#surroundings,
      open: (artifact) => this.#sources.artifact(artifact)(undefined),
    };
  }

  /** @internal {@link run} with somebody who takes part */
  runProbed(
    code: string | Uint8Array,
    context: WasmContext,
    options: RunOptions,
    probe: RunProbe,
  ): Promise<WasmResult> {
    return this.#handlerCalls.run(code, context, options, probe);
  }

  /**
   * Warms a deployment: compiles handlers into both tiers of the cache. One that does not compile is in the report and does
   * not hold up the rest.
   *
   * @param units sources, or sources with their file names; an async iterable is read as fast as it is compiled
   * @throws NexusError CANCELLED when the signal fires, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  async precompileAll(
    units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
    options: PrecompileOptions = {},
  ): Promise<PrecompileReport> {
    checkShape('options', options, { concurrency: true, onProgress: true, signal: true });
    const { maxInstances } = this.#config.pool;
    return this.#calls.run(() =>
      precompileAll(units, this.#compiler, this.#cache, { concurrency: maxInstances, ...options }),
    );
  }

  /**
   * Resolves when workers are up and know the handlers: the first calls then take no longer than later ones.
   *
   * @param handlers sources, artifacts, or sources with their file names. One that does not compile is in the report
   * @param options how many workers; default: `minInstances`, and all that are up
   * @throws NexusError INVALID_ARGUMENT, INVALID_ARTIFACT, RUNTIME_CLOSED, and INTERNAL_ERROR or INVALID_CONFIG with the reason why no
   * worker can be started
   */
  warmup(handlers: Iterable<WarmupUnit> = [], options: WarmupOptions = {}): Promise<WarmupReport> {
    return this.#calls.run(() => warmUp(handlers, options, this.#pool, this.#sources));
  }

  /**
   * Data of the application's own in the tiers of the cache, under a namespace: a parsed document, a snapshot. It may be
   * evicted at any time and is made again then.
   *
   * @throws NexusError INVALID_ARGUMENT when the namespace is no name
   */
  artifacts(namespace: string): TransientArtifacts {
    const known = this.#artifacts.get(namespace);
    if (known !== undefined) return known;
    const artifacts = new TransientArtifacts(this.#cache, namespace);
    this.#artifacts.set(namespace, artifacts);
    return artifacts;
  }

  /**
   * The capabilities that a handler needs at most, found without running it: see the function of this name.
   *
   * @returns sorted; none is covered by another
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT
   */
  inferCapabilities(code: string, options?: InferenceOptions): CapabilityToken[] {
    return inferCapabilities(code, options);
  }

  /** Checks every entry of the disk cache, removes those that fail, and says which and why. */
  verifyCache(): Promise<VerifyReport> {
    return this.#cache.verify();
  }

  /** How the entries in memory are used, the most recently used first. */
  inspectCache(options: { readonly limit?: number } = {}): EntryUse[] {
    checkShape('options', options, { limit: true });
    const { limit = 100 } = options;
    if (typeof limit !== 'number' || !(limit >= 0)) throw invalidArgument('options.limit', limit, 'a number from 0');
    return this.#cache.uses(limit);
  }

  getStats(): RuntimeStats {
    const { pool, memoryBytes, cache, suspended, kept } = this.#gauges();
    const { busy, idle, starting, queued } = pool;
    return {
      ...this.#telemetry.statistics(),
      activeInstances: busy,
      availableInstances: idle,
      startingInstances: starting,
      queuedExecutions: queued,
      retirements: this.#telemetry.retirements,
      suspendedExecutions: suspended,
      suspensionStore: {
        ...kept.usage,
        rejections: kept.refused.total + kept.refused.perTenant,
        evictedOutcomes: kept.evicted,
      },
      totalMemoryBytes: memoryBytes,
      cacheHitRate: cache.hitRate,
      cache,
    };
  }

  /** All metrics in the Prometheus text format; empty when they are off. */
  getPrometheusMetrics(): Promise<string> {
    return this.#telemetry.text();
  }

  /**
   * Answers requests of any Node HTTP server with the metrics: `createServer(runtime.metricsHandler())`, or as a route of Express. 405 for
   * anything but GET and HEAD, 500 when they cannot be had.
   */
  metricsHandler(): MetricsHandler {
    return metricsHandler(this.#telemetry);
  }

  /** Forgets compiled handlers. Default: both tiers. */
  async clearCache(tiers: { readonly memory?: boolean; readonly disk?: boolean } = {}): Promise<void> {
    checkTiers(tiers);
    await this.#cache.clear(tiers);
  }

  /**
   * Stops admission, waits for what was accepted, at most `drainTimeoutMs` (default 25,000), then calls off runs and ends the
   * workers; handlers that were being resumed wait on. Calling again returns the same promise.
   */
  shutdown(options: { readonly drainTimeoutMs?: number } = {}): Promise<void> {
    let drainTimeoutMs: number;
    try {
      drainTimeoutMs = resolveDrainTimeout(options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#shutdown === undefined) {
      this.#onShutdown();
      this.#shutdown = this.#end(drainTimeoutMs);
    }
    return this.#shutdown;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #end(drainTimeoutMs: number): Promise<void> {
    const startedAt = performance.now();
    await this.#calls.close(drainTimeoutMs);
    this.#handlerCalls.close();
    await this.#pool.close();
    // A claim that is not given back keeps its handler from everybody until its lease ends.
    await this.#calls.idle(RELEASE_MS);
    await this.#suspended.close();
    await this.#cache.close(Math.max(MIN_FLUSH_MS, drainTimeoutMs - (performance.now() - startedAt)));
    this.#telemetry.close();
  }

  #gauges(): Gauges {
    const { memoryBytes, ...pool } = this.#pool.stats;
    const { usage, refused, evicted } = this.#suspended.room;
    const kept = { usage, refused: { ...refused }, evicted };
    return { pool, memoryBytes, cache: this.#cache.stats(), suspended: this.#suspended.active, kept };
  }
}

function resolveDrainTimeout(options: { readonly drainTimeoutMs?: number }): number {
  checkShape('options', options, { drainTimeoutMs: true });
  const { drainTimeoutMs = DEFAULT_DRAIN_TIMEOUT_MS } = options;
  if (typeof drainTimeoutMs === 'number' && drainTimeoutMs >= 0) return drainTimeoutMs;
  throw invalidArgument('drainTimeoutMs', drainTimeoutMs, 'a number of milliseconds from 0, or Infinity');
}
