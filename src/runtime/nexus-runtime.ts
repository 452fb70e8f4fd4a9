import type { AsyncResult, CallResult } from '../api/answers.js';
import type { CapabilityToken } from '../api/capability.js';
import type { WasmContext } from '../api/context.js';
import type { WasmResult } from '../api/result.js';
import type { SuspensionSummary } from '../api/suspension-store.js';
import type { WarmupOptions, WarmupReport, WarmupUnit } from '../api/warmup.js';
import type { VerifyReport } from '../cache/file-tier.js';
import type { EntryUse } from '../cache/memory-tier.js';
import { TransientArtifacts } from '../cache/transient-artifacts.js';
import { type InferenceOptions, inferCapabilities } from '../capabilities/inference/infer.js';
import type { CompileAttempt } from '../compiler/caching-compiler.js';
import { HandlerLoader } from '../compiler/handler-loader.js';
import type { PrecompileOptions, PrecompileReport, PrecompileUnit } from '../compiler/precompile-all.js';
import { invalidArgument, requireText } from '../config/check.js';
import { DEFAULT_DRAIN_TIMEOUT_MS } from '../config/defaults.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { checkShape, type ExecuteOptions, type ResumeOptions } from '../execution/request/execute-options.js';
import { SegmentRunner } from '../execution/segment-runner.js';
import type { Gauges } from '../metrics/exposition.js';
import { type MetricsHandler, metricsHandler } from '../metrics/http.js';
import { Telemetry } from '../metrics/telemetry.js';
import type { CreatePool } from '../pool/handler-pool.js';
import { type RuntimeEnvironment, systemEnvironment } from '../support/environment.js';
import { Suspensions } from '../suspension/suspensions.js';
import { CompileService } from './compile-service.js';
import { Invoker } from './invoker.js';
import type { RunOptions } from './run/run-options.js';
import type { RunProbe } from './run/run-probe.js';
import { type RuntimeStats, runtimeStats } from './runtime-stats.js';
import { warmUp } from './warmup.js';

/** What a runtime is put together from. */
export interface RuntimeParts {
  readonly createPool: CreatePool;
  readonly onShutdown?: () => void;
  readonly surroundings?: RuntimeEnvironment;
}

/** @internal what an execution depends on and its caller does not say */
export interface RuntimeInner {
  readonly config: RuntimeConfig;
  /** Fingerprint. */
  readonly engine: string;
  readonly surroundings: RuntimeEnvironment;
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
  readonly #surroundings: RuntimeEnvironment;
  readonly #compilation: CompileService;
  /** By namespace: calls for one key at the same time must meet. */
  readonly #artifacts = new Map<string, TransientArtifacts>();
  readonly #telemetry: Telemetry;
  readonly #loader: HandlerLoader;
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
    this.#compilation = new CompileService(config, engine, createPool, this.#telemetry);
    const { pool, cache, compiler, calls } = this.#compilation;
    this.#loader = new HandlerLoader(config, engine, compiler, cache);
    this.#suspended = new Suspensions(config, engine, this.#telemetry, surroundings);
    this.#handlerCalls = new Invoker({
      calls,
      executions: new SegmentRunner(config, engine, this.#loader, pool, this.#telemetry.events, surroundings),
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
    return this.#handlerCalls.execute({ source: code }, context, options);
  }

  /**
   * Compiles a handler into an artifact that {@link executeCompiledHandler} takes, here or in another process with the same
   * engine. Also fills the cache.
   *
   * @returns the sealed container of a `.qjsc` file
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  async precompileHandler(code: string, options: { readonly filename?: string } = {}): Promise<Uint8Array> {
    return this.#compilation.calls.run(async () => {
      checkShape('options', options, { filename: true });
      const { filename } = options;
      const handler = await this.#compilation.compiler.compileOrThrow(code, filename);
      await this.#compilation.cache.settled();
      return this.#compilation.compiler.seal(handler);
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
    return this.#handlerCalls.execute({ artifact }, context, options);
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
    return this.#compilation.calls.run(async () => {
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
    return this.#compilation.calls.run(async () => {
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
      open: (artifact) => this.#loader.load({ artifact }),
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
  precompileAll(
    units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
    options: PrecompileOptions = {},
  ): Promise<PrecompileReport> {
    return this.#compilation.precompileAll(units, options);
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
    return this.#compilation.calls.run(() => warmUp(handlers, options, this.#compilation.pool, this.#loader));
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
    const artifacts = new TransientArtifacts(this.#compilation.cache, namespace);
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
    return this.#compilation.verifyCache();
  }

  /** How the entries in memory are used, the most recently used first. */
  inspectCache(options: { readonly limit?: number } = {}): EntryUse[] {
    checkShape('options', options, { limit: true });
    const { limit = 100 } = options;
    if (typeof limit !== 'number' || !(limit >= 0)) throw invalidArgument('options.limit', limit, 'a number from 0');
    return this.#compilation.cache.uses(limit);
  }

  getStats(): RuntimeStats {
    return runtimeStats(this.#telemetry, this.#gauges());
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
  clearCache(tiers: { readonly memory?: boolean; readonly disk?: boolean } = {}): Promise<void> {
    return this.#compilation.clearCache(tiers);
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
    await this.#compilation.calls.close(drainTimeoutMs);
    this.#handlerCalls.close();
    await this.#compilation.pool.close();
    // A claim that is not given back keeps its handler from everybody until its lease ends.
    await this.#compilation.calls.idle(RELEASE_MS);
    await this.#suspended.close();
    await this.#compilation.cache.close(Math.max(MIN_FLUSH_MS, drainTimeoutMs - (performance.now() - startedAt)));
    this.#telemetry.close();
  }

  #gauges(): Gauges {
    const { memoryBytes, ...pool } = this.#compilation.pool.stats;
    const { usage, refused, evicted } = this.#suspended.room;
    const kept = { usage, refused: { ...refused }, evicted };
    return { pool, memoryBytes, cache: this.#compilation.cache.stats(), suspended: this.#suspended.active, kept };
  }
}

function resolveDrainTimeout(options: { readonly drainTimeoutMs?: number }): number {
  checkShape('options', options, { drainTimeoutMs: true });
  const { drainTimeoutMs = DEFAULT_DRAIN_TIMEOUT_MS } = options;
  if (typeof drainTimeoutMs === 'number' && drainTimeoutMs >= 0) return drainTimeoutMs;
  throw invalidArgument('drainTimeoutMs', drainTimeoutMs, 'a number of milliseconds from 0, or Infinity');
}
