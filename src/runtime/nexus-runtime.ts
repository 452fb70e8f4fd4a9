import type { AsyncResult, CallResult } from '../api/answers.js';
import type { CapabilityToken } from '../api/capability.js';
import type { Prepared, PrepareOptions, WasmContext } from '../api/context.js';
import type { HandlerDescription } from '../api/manifest.js';
import type { RecentError } from '../api/observing/recent-error.js';
import type { TenantUsage, UsageReport } from '../api/observing/usage.js';
import type { WorkerStatus } from '../api/observing/worker-status.js';
import type { EventPayloads, WasmResult } from '../api/result.js';
import type { CallSchemas, ContextOf, ResultOf } from '../api/schema.js';
import type { CompileOptions } from '../api/source-options.js';
import type { SuspensionFilter, SuspensionSummary } from '../api/suspension-store.js';
import type { WarmupOptions, WarmupReport, WarmupUnit } from '../api/warmup.js';
import type { VerifyReport } from '../cache/file-tier.js';
import type { EntryUse } from '../cache/memory-tier.js';
import { TransientArtifacts } from '../cache/transient-artifacts.js';
import type { InferenceOptions } from '../capabilities/inference/infer.js';
import type { LibraryNeeds } from '../capabilities/library-needs.js';
import type { CompileAttempt } from '../compiler/caching-compiler.js';
import { HandlerLoader, type HandlerRef, type LoadedHandler } from '../compiler/handler-loader.js';
import type { PrecompileOptions, PrecompileReport, PrecompileUnit } from '../compiler/precompile-all.js';
import { invalidArgument, invalidOption, requireText } from '../config/check.js';
import { DEFAULT_DRAIN_TIMEOUT_MS } from '../config/defaults.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { COMPILE_OPTION_KEYS, checkCompileOptions } from '../config/source-options.js';
import type { LibrarySource } from '../engine/library.js';
import { checkShape, type ExecuteOptions, type ResumeOptions } from '../execution/request/execute-options.js';
import { SegmentRunner } from '../execution/segment-runner.js';
import type { Gauges } from '../metrics/exposition.js';
import { type MetricsHandler, metricsHandler } from '../metrics/http.js';
import { Meter } from '../metrics/meter.js';
import { Telemetry } from '../metrics/telemetry.js';
import type { CreatePool } from '../pool/handler-pool.js';
import { type RuntimeEnvironment, systemEnvironment } from '../support/environment.js';
import { performance } from '../support/timers.js';
import { settleWithin } from '../support/waiting.js';
import { storedTenant } from '../suspension/sealed/run-envelope.js';
import { Suspensions } from '../suspension/suspensions.js';
import { type ClearedTiers, CompileService } from './compile-service.js';
import { deploymentOf } from './durable/deployment.js';
import { KeptRuns } from './durable/kept-runs.js';
import type { ErasedRuns, Run, RunFilter, RunSummary, StartOptions, Worker } from './durable/run-types.js';
import { Runs } from './durable/runs.js';
import type { WorkOptions } from './durable/work-options.js';
import { inferImporting } from './infer-importing.js';
import { Invoker } from './invoker.js';
import { HandlerSet } from './manifest/handler-set.js';
import type { ResumeProbe } from './own/own-answers.js';
import { Requests } from './own/requests.js';
import { Quotas } from './quota/quotas.js';
import type { RunOptions } from './run/run-options.js';
import type { RunProbe } from './run/run-probe.js';
import { type RuntimeStats, runtimeStats } from './runtime-stats.js';
import { hasSchemas, SchemaCalls } from './schema-calls.js';
import { warmUp } from './warmup.js';

/** What a runtime is put together from. */
export interface RuntimeParts {
  readonly createPool: CreatePool;
  readonly onShutdown?: () => void;
  readonly environment?: RuntimeEnvironment;
  /** What its libraries need, for inference. Default: nothing */
  readonly libraryNeeds?: LibraryNeeds;
  /** What is in its base image beside the package's own part. Default: nothing */
  readonly libraries?: readonly LibrarySource[];
}

/** @internal what an execution depends on apart from its arguments */
export interface RuntimeInner {
  readonly config: RuntimeConfig;
  /** Fingerprint of the engine. */
  readonly engine: string;
  readonly environment: RuntimeEnvironment;
  /** What is in an artifact. Rejects with INVALID_ARTIFACT or INVALID_ARGUMENT. */
  open(artifact: Uint8Array): Promise<CompileAttempt>;
  readonly schemaCalls: SchemaCalls;
}

/** The least time that the disk cache gets to finish its writes, if calls used up the drain timeout. */
const MIN_FLUSH_MS = 500;
/** The time that cancelled calls get to release their claims after the drain timeout. */
const RELEASE_MS = 1_000;

/**
 * Executes handlers: compiles each once, caches it, and executes it in a pristine VM. Create it with
 * `createRuntime`; call `shutdown`, or declare it with `await using`.
 */
export class NexusRuntime implements AsyncDisposable {
  readonly #config: RuntimeConfig;
  /** Fingerprint of the engine. */
  readonly #engine: string;
  readonly #environment: RuntimeEnvironment;
  readonly #compilation: CompileService;
  /** By namespace: calls for one key at the same time must meet. */
  readonly #artifacts = new Map<string, TransientArtifacts>();
  readonly #telemetry: Telemetry;
  readonly #loader: HandlerLoader;
  readonly #executions: SegmentRunner;
  readonly #handlerCalls: Invoker;
  readonly #schemaCalls: SchemaCalls;
  readonly #suspended: Suspensions;
  readonly #onShutdown: () => void;
  readonly #libraryNeeds: LibraryNeeds;
  readonly #libraries: readonly LibrarySource[];
  readonly #runs: Runs;
  readonly #kept: KeptRuns;
  /** Aborted when the drain timeout has passed. */
  readonly #stopping = new AbortController();
  #deployment: string | undefined;
  #shutdown: Promise<void> | undefined;

  /** @internal use `createRuntime` */
  constructor(config: RuntimeConfig, engine: string, parts: RuntimeParts) {
    const {
      createPool,
      onShutdown = () => {},
      environment = systemEnvironment,
      libraryNeeds = {},
      libraries = [],
    } = parts;
    this.#libraries = libraries;
    this.#config = config;
    this.#engine = engine;
    this.#environment = environment;
    this.#onShutdown = onShutdown;
    this.#libraryNeeds = libraryNeeds;
    const meter = config.metering === false ? undefined : new Meter(config.metering, environment.now());
    this.#telemetry = new Telemetry(config.observer, config.metrics, () => this.#gauges(), meter);
    this.#compilation = new CompileService(config, engine, createPool, this.#telemetry);
    const { pool, cache, compiler, calls } = this.#compilation;
    const quotas = config.quota && new Quotas(config.quota);
    this.#schemaCalls = new SchemaCalls(this.#telemetry, config.limits.timeoutMs);
    this.#loader = new HandlerLoader(config, engine, compiler, cache);
    this.#suspended = new Suspensions(config, engine, this.#telemetry, environment, {
      deployment: () => this.deployment,
      librarySet: (id) => this.#executions.librarySets.get(id),
      describe: (request) => pool.describeImage(request),
    });
    this.#executions = new SegmentRunner(config, engine, this.#loader, pool, this.#telemetry.events, environment);
    this.#handlerCalls = new Invoker({
      calls,
      executions: this.#executions,
      suspended: this.#suspended,
      telemetry: this.#telemetry,
      tracing: config.tracing,
      quotas,
      environment,
      network: config.network,
    });
    const stopping = this.#stopping.signal;
    const sessions = {
      ...{ quotas, environment, stopping },
      store: this.#suspended.durable,
      executions: this.#executions,
      requests: new Requests(config.network, this.#telemetry, environment, stopping),
      telemetry: this.#telemetry,
    };
    this.#kept = new KeptRuns({
      ...sessions,
      deployment: () => this.deployment,
      run: (code, context, options, probe) => this.#handlerCalls.run(code, context, options, probe),
    });
    this.#runs = new Runs({
      ...{ ...sessions, calls },
      check: (context, options) => this.#executions.check(context, options),
      deployment: () => this.deployment,
      resolveHandler: config.resolveHandler,
      dispatcher: config.dispatcher,
    });
  }

  /** The same with schemas: the types of the arguments and of the result follow from them, and both are checked. */
  executeHandler<S extends CallSchemas, Events extends object = EventPayloads>(
    code: string,
    context: ContextOf<S>,
    options: Omit<ExecuteOptions, 'schemas'> & { readonly schemas: S },
  ): Promise<ResultOf<S, Events>>;
  /**
   * Executes a handler in a pristine VM: the body of an async function, one function, or a module.
   *
   * @typeParam T of the returned value: the caller's claim
   * @typeParam Events an interface of payloads by event name: the caller's claim
   * @param code the handler. In a body, `return` and `await` work at the top level; a function, or what a module exports, is called
   *   with `($args, ctx)`. The globals of handlers are in scope in each
   * @param context state, arguments, scope and capabilities of the handler; default: none
   * @param options options of this execution, or only its timeout in milliseconds
   * @returns the value and effects of the handler; its own errors are a result with `status: 'error'`
   * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR, POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  executeHandler<T = unknown, Events extends object = EventPayloads>(
    code: string,
    context?: WasmContext,
    options?: number | ExecuteOptions,
  ): Promise<WasmResult<T, Events>>;
  executeHandler(code: string, context: WasmContext = {}, options?: number | ExecuteOptions): Promise<WasmResult> {
    return this.executeAny({ source: code }, context, options);
  }

  /**
   * Compiles a handler to an artifact for {@link executeCompiledHandler}, in this or another process with the
   * same engine. Also fills the cache.
   *
   * @returns the sealed content of a `.qjsc` file
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT,
   *   RUNTIME_CLOSED
   */
  async precompileHandler(code: string, options: CompileOptions = {}): Promise<Uint8Array> {
    return this.#compilation.calls.run(async () => {
      checkShape('options', options, COMPILE_OPTION_KEYS);
      checkCompileOptions(options);
      const handler = await this.#compilation.compiler.compileOrThrow(code, options.filename, options);
      await this.#compilation.cache.settled();
      return this.#compilation.compiler.seal(handler);
    });
  }

  /** The same with schemas: the types of the arguments and of the result follow from them, and both are checked. */
  executeCompiledHandler<S extends CallSchemas, Events extends object = EventPayloads>(
    artifact: Uint8Array,
    context: ContextOf<S>,
    options: Omit<ExecuteOptions, 'schemas'> & { readonly schemas: S },
  ): Promise<ResultOf<S, Events>>;
  /**
   * Executes an artifact of {@link precompileHandler}, after checking all of its bytes.
   *
   * @typeParam T of the returned value: the caller's claim
   * @typeParam Events an interface of payloads by event name: the caller's claim
   * @throws NexusError INVALID_ARTIFACT with the check that failed, and the errors of {@link executeHandler}
   */
  executeCompiledHandler<T = unknown, Events extends object = EventPayloads>(
    artifact: Uint8Array,
    context?: WasmContext,
    options?: number | ExecuteOptions,
  ): Promise<WasmResult<T, Events>>;
  executeCompiledHandler(
    artifact: Uint8Array,
    context: WasmContext = {},
    options?: number | ExecuteOptions,
  ): Promise<WasmResult> {
    return this.executeAny({ artifact }, context, options);
  }

  /** The same with a schema: the type of the result follows from it, and is checked. */
  resumeHandler<S extends Pick<CallSchemas, 'result' | 'maxValues'>, Events extends object = EventPayloads>(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    options: Omit<ResumeOptions, 'schemas'> & { readonly schemas: S },
  ): Promise<ResultOf<S, Events>>;
  /**
   * Resumes a suspended handler, in this or any other process.
   *
   * A suspension is resumed once, and each accepted answer is used once. Later calls that answer the same calls get the
   * recorded outcome, marked `replayed`, for a day or until its room is needed: see `maxSuspendedBytes`. Answers to other
   * calls are refused with SUSPENSION_SETTLED: `context.settledCallIds` names the calls that need no answer any more, and
   * `currentSuspensionId` where to give the others.
   *
   * @typeParam T of the returned value: the caller's claim
   * @typeParam Events an interface of payloads by event name: the caller's claim
   * @param suspensionId of the `suspension` of a result
   * @param answers one answer, for the first pending call, or several with their call ids. Calls without an
   *   answer stay pending. Default: none, for a handler that waits for a timer that is due by now. The runtime answers every timer that is
   *   due, whatever the answers are
   * @param options its `timeoutMs` applies to this segment; the other limits continue from what was used
   * @returns the effects since the suspension; the handler may be suspended again, under a new id
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_SETTLED, SUSPENSION_BUSY, SUSPENSION_EXPIRED,
   *   SUSPENSION_INCOMPATIBLE (the handler is kept), INVALID_ARGUMENT for an answer to a call that the handler never made, or no answer before
   *   `suspension.wakeAt`,
   *   SERIALIZATION_ERROR,
   *   POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  resumeHandler<T = unknown, Events extends object = EventPayloads>(
    suspensionId: string,
    answers?: AsyncResult | readonly CallResult[],
    options?: number | ResumeOptions,
  ): Promise<WasmResult<T, Events>>;
  resumeHandler(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[] = [],
    options: number | ResumeOptions = {},
  ): Promise<WasmResult> {
    return this.resumeAny(suspensionId, answers, options);
  }

  /**
   * Cancels a suspended handler. Resuming it then gives CANCELLED.
   *
   * @returns whether this call cancelled it; false if it has ended, has expired or is unknown
   */
  cancelSuspension(suspensionId: string): Promise<boolean> {
    return this.#compilation.calls.run(async () => {
      requireText('suspensionId', suspensionId);
      return this.#suspended.cancel(suspensionId);
    });
  }

  /**
   * Lists the suspended handlers of the store, including those whose outcome is still kept. Contains no
   * secret data.
   *
   * @param filter by state and by tenant; default: all
   *
   * @example for await (const { id } of runtime.listSuspensions({ states: ['suspended'], tenant: 'acme' })) console.log(id);
   */
  listSuspensions(filter: SuspensionFilter = {}): AsyncIterable<SuspensionSummary> {
    return this.#suspended.list(readFilter(filter));
  }

  /** Describes one suspension, like {@link listSuspensions}; undefined if it is unknown. */
  inspectSuspension(suspensionId: string): Promise<SuspensionSummary | undefined> {
    return this.#compilation.calls.run(async () => {
      requireText('suspensionId', suspensionId);
      return this.#suspended.inspect(suspensionId);
    });
  }

  /** The same with schemas: the types of the arguments and of the result follow from them, and both are checked. */
  run<S extends CallSchemas, Events extends object = EventPayloads>(
    code: string | Uint8Array,
    context: ContextOf<S>,
    options: Omit<RunOptions<Events>, 'schemas'> & { readonly schemas: S },
  ): Promise<ResultOf<S, Events>>;
  /**
   * Runs a handler to its end: executes it, passes its effects to `onEffects` whenever it waits, makes its
   * calls, and resumes it with the answers. If an extension throws, takes too long or returns a value that
   * cannot be passed, the handler gets an error at its `await`.
   *
   * When the handler has ended, calls that are still pending are aborted through their signal. Calls of its
   * last segment that it did not await are made and waited for if it succeeded; after an error, they are the
   * `unawaitedCalls` of the result.
   *
   * @typeParam T of the returned value: the caller's claim
   * @typeParam Events an interface of payloads by event name: the caller's claim
   * @param code source, or an artifact
   * @returns the result of the last segment, with the effects of the whole run
   * @throws the errors of {@link executeHandler}, and errors of `onEffects`
   */
  run<T = unknown, Events extends object = EventPayloads>(
    code: string | Uint8Array,
    context?: WasmContext,
    options?: RunOptions<Events>,
  ): Promise<WasmResult<T, Events>>;
  run(code: string | Uint8Array, context: WasmContext = {}, options: RunOptions = {}): Promise<WasmResult> {
    return this.runProbed(code, context, options);
  }

  /**
   * A short hash of the engine and of the base image, libraries included. Suspended handlers and runs belong to the deployment that started
   * them; which of them can go on here, {@link deployments} says.
   */
  get deployment(): string {
    this.#deployment ??= deploymentOf({ engine: this.#engine, libraries: this.#libraries });
    return this.#deployment;
  }

  /**
   * The deployments whose suspended handlers and runs can go on in this runtime: its own first, then those with the same engine whose base
   * images are in the store. {@link work} takes due runs of all of them.
   *
   * @throws NexusError RUNTIME_CLOSED, INTERNAL_ERROR
   *
   * @example
   * const here = new Set(await runtime.deployments());
   * for await (const { runId, deployment = '' } of runtime.listRuns({ state: 'waiting' })) if (!here.has(deployment)) console.log(runId);
   */
  deployments(): Promise<readonly string[]> {
    return this.#compilation.calls.run(() => this.#suspended.deployments());
  }

  /**
   * Starts a run: keeps its code and input as a record in the store, from which a process that works ({@link work}) executes it, in this process or
   * another. When this resolves, the record is stored; nothing is executed before that. A run outlives its process, and waits as long as it
   * has to.
   *
   * @param code source, an artifact, or the name of a handler that `resolveHandler` gives
   * @param options its `runId` makes it safe to start it again: the same id with the same code, context and options is the same run
   * @throws NexusError RUN_EXISTS if there is another run of this id, RESOURCE_LIMIT if there is no room in the store, SERIALIZATION_ERROR,
   *   INVALID_ARGUMENT, RUNTIME_CLOSED, INTERNAL_ERROR
   *
   * @example
   * const run = await runtime.start('return await $ext.orders.approve($args)', { args: 7, capabilities: ['ext:orders.approve'] }, { runId: 'order-7' });
   * const result = await run.result();
   */
  start(
    code: string | Uint8Array | { readonly name: string },
    context: WasmContext = {},
    options: StartOptions = {},
  ): Promise<Run> {
    return this.#compilation.calls.run(() => this.#runs.start(code, context, options));
  }

  /**
   * A run that was started, here or elsewhere. Whether there is one is asked by its methods.
   *
   * @throws NexusError INVALID_ARGUMENT if it is no id of a run
   */
  getRun(runId: string): Run {
    return this.#runs.get(runId);
  }

  /**
   * Lists the runs in the store, those that have ended as long as their result is kept.
   *
   * @param filter by state, deployment, tenant and handler; default: all. Damaged ones have only a `suspensionId`
   *
   * @example for await (const { runId } of runtime.listRuns({ state: 'waiting', tenant: 'acme' })) await runtime.getRun(runId).cancel();
   */
  listRuns(filter: RunFilter = {}): AsyncIterable<RunSummary> {
    const { tenant } = filter;
    return this.#runs.list(typeof tenant === 'string' ? { ...filter, tenant: storedTenant(tenant) as string } : filter);
  }

  /**
   * Answers a call of a run, from any process, whichever step the run is at: one whose extension method returned `later`, or that no worker has
   * an extension for. It may be repeated.
   *
   * @param key `currentCall().key` of the call: `runId:callId`
   * @returns `'accepted'` when the answer is stored, `'duplicate'` if the call has an answer already, `'ended'` if the run has ended,
   *   `'unknown'` if there is no such run, or it has not made such a call
   * @throws NexusError SERIALIZATION_ERROR, RESOURCE_LIMIT if the mailbox of the run is full, INVALID_ARGUMENT, RUNTIME_CLOSED, INTERNAL_ERROR
   *
   * @example await runtime.completeCall('order-7:c1', { success: true, value: 'approved' });
   */
  completeCall(key: string, answer: AsyncResult): Promise<'accepted' | 'duplicate' | 'ended' | 'unknown'> {
    return this.#compilation.calls.run(() => this.#runs.completeCall(key, answer));
  }

  /**
   * Takes part in the work until closed: executes runs of its {@link deployments} that are due, tells their effects, makes their calls of the
   * extensions that it is given, and wakes them when their timers are due. Any number of processes may work on one store. It keeps the
   * process alive.
   *
   * @throws NexusError INVALID_ARGUMENT, RUNTIME_CLOSED; what the dispatcher throws
   *
   * @example
   * await using worker = await runtime.work({
   *   extensions: { orders: { approve: async (id) => { await mailApprover(id, currentCall().key); return later; } } },
   *   onEffects: (effects, { key }) => database.applyOnce(key, effects),
   * });
   */
  work(options: WorkOptions = {}): Promise<Worker> {
    return this.#compilation.calls.run(() => this.#runs.work(options));
  }

  /**
   * Deletes runs in any state, with their messages and results. A process that works on one of them stops. Their calls and effects are not
   * undone: to undo them, cancel the runs first.
   *
   * @param which all of a tenant, with the handlers that `executeHandler` suspended for it; or one, by its `runId`, or by the `suspensionId` that
   *   `listRuns` has of a damaged one. Runs of the tenant that begin meanwhile may be left: refuse them first
   * @returns how many were deleted
   * @throws NexusError INVALID_ARGUMENT, RUNTIME_CLOSED, INTERNAL_ERROR: some may be left, and it may be repeated
   *
   * @example await runtime.eraseRuns({ tenant: 'acme' });
   */
  eraseRuns(which: ErasedRuns): Promise<number> {
    return this.#compilation.calls.run(() => this.#runs.erase(which));
  }

  /**
   * Seals the runs that wait with the first secret of `suspensionSecret`, so that the others can be taken out of the list.
   *
   * @returns how many were sealed anew; and how many are `left` with another secret: those on which somebody works at this moment, whose effects are
   *   not told yet, that are damaged, and handlers that `executeHandler` suspended, which end with their `suspensionTtlMs`. Repeat it until none is left
   * @throws NexusError RUNTIME_CLOSED, INTERNAL_ERROR
   *
   * @example
   * const runtime = await createRuntime({ suspensionDir, suspensionSecret: [newSecret, oldSecret] });
   * while ((await runtime.resealRuns()).left > 0) await setTimeout(60_000);
   */
  resealRuns(): Promise<{ readonly resealed: number; readonly left: number }> {
    return this.#compilation.calls.run(() => this.#runs.reseal());
  }

  /** @internal for recordings */
  get inner(): RuntimeInner {
    return {
      config: this.#config,
      engine: this.#engine,
      environment: this.#environment,
      open: (artifact) => this.#loader.load({ artifact }),
      schemaCalls: this.#schemaCalls,
    };
  }

  /** @internal for `nexus-runtime/code-mode` */
  keeping<T>(use: (runs: KeptRuns) => Promise<T>): Promise<T> {
    return this.#compilation.calls.run(() => use(this.#kept));
  }

  /** @internal What a VM may have at most. */
  get memoryLimitBytes(): number {
    return this.#config.pool.memoryLimitBytes;
  }

  /** @internal {@link executeHandler} and {@link executeCompiledHandler} */
  executeAny(
    handler: HandlerRef,
    context: WasmContext,
    options: number | ExecuteOptions | undefined,
  ): Promise<WasmResult> {
    if (!hasSchemas(options)) return this.#handlerCalls.execute(handler, context, options);
    const call = (checked: WasmContext, rest: ExecuteOptions) => this.#handlerCalls.execute(handler, checked, rest);
    return this.#schemaCalls.execute(context, options, call);
  }

  /** @internal {@link resumeHandler} */
  resumeAny(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    options: number | ResumeOptions,
    probe?: ResumeProbe,
  ): Promise<WasmResult> {
    if (!hasSchemas(options)) return this.#handlerCalls.resume(suspensionId, answers, options, probe);
    return this.#schemaCalls.resume(options, (rest) => this.#handlerCalls.resume(suspensionId, answers, rest, probe));
  }

  /** @internal {@link run} with a probe */
  runProbed(
    code: string | Uint8Array | LoadedHandler,
    context: WasmContext,
    options: RunOptions,
    probe?: RunProbe,
  ): Promise<WasmResult> {
    if (!hasSchemas(options)) return this.#handlerCalls.run(code, context, options, probe);
    const call = (checked: WasmContext, rest: RunOptions) => this.#handlerCalls.run(code, checked, rest, probe);
    return this.#schemaCalls.execute(context, options, call);
  }

  /**
   * Loads the handlers of a build, which need no source. Libraries that they share become part of an image of their own, which each
   * worker builds once.
   *
   * @param manifest path or URL of the `manifest.json` that `buildHandlers` wrote
   * @throws NexusError INVALID_ARTIFACT for a manifest of another engine, one that was changed, and one without the runtime's
   *   `cacheSecret`; INVALID_ARGUMENT, RUNTIME_CLOSED
   *
   * @example
   * const handlers = await runtime.load('out/manifest.json');
   * const result = await handlers.execute('orders/create', { args: { id: 1 } });
   */
  load(manifest: string | URL): Promise<HandlerSet> {
    return this.#compilation.calls.run(async () => {
      const { loadManifest } = await import('./manifest/load-manifest.js');
      const { librarySets } = this.#executions;
      const reader = { config: this.#config, engine: this.#engine, loader: this.#loader, librarySets };
      const { handlers, handler } = await loadManifest(manifest, reader);
      return new HandlerSet(handlers, {
        execute: async (name, context, options) => this.executeAny(await handler(name), context, options),
        run: async (name, context, options) => this.runProbed(await handler(name), context, options),
      });
    });
  }

  /**
   * Compiles a handler, and says what it needs: entry points, capabilities with those of everything that it imports, files and sizes.
   *
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT, RUNTIME_CLOSED
   *
   * @example const { capabilities } = await runtime.describeHandler(code, { filename: 'orders/create.ts' });
   */
  describeHandler(code: string, options: CompileOptions = {}): Promise<HandlerDescription> {
    return this.#compilation.calls.run(async () => {
      checkShape('options', options, COMPILE_OPTION_KEYS);
      checkCompileOptions(options);
      const { describeHandler } = await import('./describe-handler.js');
      return describeHandler(code, options, this.#compilation.compiler, this.#libraryNeeds);
    });
  }

  /**
   * Fills both tiers of the cache with compiled handlers. A handler that does not compile is listed in the
   * report and does not stop the others.
   *
   * @param units sources, or sources with their file names; an async iterable is read as fast as it is
   *   compiled
   * @throws NexusError CANCELLED when the signal fires, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  precompileAll(
    units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
    options: PrecompileOptions = {},
  ): Promise<PrecompileReport> {
    return this.#compilation.precompileAll(units, options);
  }

  /**
   * Resolves when workers are started and have loaded the handlers, so that the first calls take no longer
   * than later ones.
   *
   * @param handlers sources, artifacts, or sources with their file names. A handler that does not compile is
   *   listed in the report
   * @param options the number of workers; default: `minInstances`, and all that are already started
   * @throws NexusError INVALID_ARGUMENT, INVALID_ARTIFACT, RUNTIME_CLOSED, and INTERNAL_ERROR or
   *   INVALID_CONFIG if no worker can be started
   */
  warmup(handlers: Iterable<WarmupUnit> = [], options: WarmupOptions = {}): Promise<WarmupReport> {
    return this.#compilation.calls.run(() => warmUp(handlers, options, this.#compilation.pool, this.#loader));
  }

  /**
   * Prepares a value for calls: it is encoded once, and becomes part of an image in each worker that executes a handler with it. From then
   * on an execution copies memory and reads nothing of it again. Pass what this returns wherever the value itself could be, in calls of this
   * runtime: handlers see no difference.
   *
   * Worth it for large values of many calls: price lists, tables, configuration. Small ones cost more so than by themselves.
   *
   * @param value anything that can be passed. It is copied: later changes of it are not seen
   * @throws NexusError SERIALIZATION_ERROR naming the path, INVALID_ARGUMENT if it does not fit in `maxPreparedBytes`, RUNTIME_CLOSED
   *
   * @example
   * const prices = await runtime.prepare(await loadPrices());
   * await runtime.executeHandler('return $args.prices[$args.id]', { args: { prices, id: 7 } });
   * prices.dispose();
   */
  prepare(value: unknown, options: PrepareOptions = {}): Promise<Prepared> {
    return this.#compilation.calls.run(async () => {
      checkShape('options', options, { toJSON: true });
      const { toJSON = false } = options;
      if (typeof toJSON !== 'boolean') throw invalidArgument('options.toJSON', toJSON, 'true or false');
      return this.#executions.prepared.prepare(value, options);
    });
  }

  /**
   * Application data in the tiers of the cache, under a namespace: for example a parsed document. It may be
   * evicted at any time and is then created again.
   *
   * @throws NexusError INVALID_ARGUMENT if the namespace is not a valid name
   */
  artifacts(namespace: string): TransientArtifacts {
    const known = this.#artifacts.get(namespace);
    if (known !== undefined) return known;
    const artifacts = new TransientArtifacts(this.#compilation.cache, namespace);
    this.#artifacts.set(namespace, artifacts);
    return artifacts;
  }

  /**
   * Infers the capabilities that a handler needs at most, without running it: see the function of the same
   * name. What the runtime's libraries call as `$ext`, `$emit` and so on counts for handlers that name them.
   *
   * @returns sorted; none is covered by another
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT
   */
  inferCapabilities(code: string, options?: InferenceOptions): CapabilityToken[] {
    const { wrap } = this.#config.cache;
    const isGiven = wrap === undefined || options?.wrap !== undefined;
    const libraries = options?.libraries ?? this.#libraryNeeds;
    return inferImporting(code, { ...options, libraries, ...(!isGiven && { wrap }) }, this.#compilation.linker);
  }

  /** Checks every entry of the disk cache, removes those that fail, and returns them with the reasons. */
  verifyCache(): Promise<VerifyReport> {
    return this.#compilation.verifyCache();
  }

  /** Lists the entries in memory with their use, most recently used first. */
  inspectCache(options: { readonly limit?: number } = {}): EntryUse[] {
    checkShape('options', options, { limit: true });
    const { limit = 100 } = options;
    if (typeof limit !== 'number' || !(limit >= 0)) throw invalidArgument('options.limit', limit, 'a number from 0');
    return this.#compilation.cache.uses(limit);
  }

  getStats(): RuntimeStats {
    return runtimeStats(this.#telemetry, this.#gauges());
  }

  /**
   * What each worker of the pool does right now.
   *
   * @example runtime.getWorkers().filter(({ runningMs = 0 }) => runningMs > 1_000)
   */
  getWorkers(): readonly WorkerStatus[] {
    return this.#compilation.pool.workers;
  }

  /** The errors that handlers had last in this process, by kind, the latest first: at most 50 kinds. */
  getRecentErrors(): readonly RecentError[] {
    return this.#telemetry.errors.list();
  }

  /**
   * Counts the durable runs that are due and that no process is working on.
   *
   * @param options.max counts at most so many for each deployment, 1 to 10,000. @default 1,000
   * @throws NexusError INVALID_ARGUMENT, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  countDueRuns(options: { readonly max?: number } = {}): Promise<number> {
    return this.#compilation.calls.run(() => this.#runs.countDue(options));
  }

  /**
   * What was used since the start of the runtime, by tenant and handler. It is counted in this process and not stored: `observer.onUsage`
   * is told the same for a bill that outlives it.
   *
   * @returns undefined for a tenant that is only part of the others, because `metering.maxTenants` were before it
   * @throws NexusError INVALID_CONFIG if `metering` is off, INVALID_ARGUMENT
   *
   * @example const { instructions, handlers } = runtime.getUsage('acme') ?? {};
   */
  getUsage(tenant: string): TenantUsage | undefined;
  getUsage(): UsageReport;
  getUsage(tenant?: string): TenantUsage | UsageReport | undefined {
    const { meter } = this.#telemetry;
    if (meter === undefined) throw invalidOption('metering', false, 'on for getUsage()');
    if (tenant === undefined) return meter.report();
    requireText('tenant', tenant);
    return meter.ofTenant(tenant);
  }

  /** Returns all metrics in the Prometheus text format; an empty string if metrics are off. */
  getPrometheusMetrics(): Promise<string> {
    return this.#telemetry.text();
  }

  /**
   * Answers requests of any Node HTTP server with the metrics: `createServer(runtime.metricsHandler())`, or
   * as a route of Express. Responds with 405 to methods other than GET and HEAD, and with 500 if the metrics
   * cannot be read.
   */
  metricsHandler(): MetricsHandler {
    return metricsHandler(this.#telemetry);
  }

  /**
   * Forgets compiled handlers. Default: those in memory and on disk, and not those in the remote cache, which other machines use.
   *
   * @throws NexusError INVALID_ARGUMENT; what the remote cache throws
   */
  clearCache(tiers: ClearedTiers = {}): Promise<void> {
    return this.#compilation.clearCache(tiers);
  }

  /**
   * Stops accepting calls, waits for accepted calls for at most `drainTimeoutMs` (default 25,000), then
   * cancels runs and ends the workers. Handlers that were being resumed stay suspended. Further calls return
   * the same promise.
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
    // What waits is given back at once; segments have the time of the drain.
    const runsClosed = this.#runs.close();
    await this.#compilation.calls.close(drainTimeoutMs);
    this.#handlerCalls.close();
    this.#stopping.abort(new Error('the runtime is shutting down'));
    await this.#compilation.pool.close();
    // A claim that is not given back keeps its handler from everybody until its lease ends.
    await this.#compilation.calls.idle(RELEASE_MS);
    await settleWithin(runsClosed, RELEASE_MS);
    await this.#suspended.close();
    await this.#compilation.cache.close(Math.max(MIN_FLUSH_MS, drainTimeoutMs - (performance.now() - startedAt)));
    this.#telemetry.close();
  }

  #gauges(): Gauges {
    const { memoryBytes, ...pool } = this.#compilation.pool.stats;
    const { usage, refused, evicted } = this.#suspended.room;
    const kept = { usage, refused: { ...refused }, evicted };
    const due = () => this.#runs.due();
    return { pool, memoryBytes, cache: this.#compilation.cache.stats(), suspended: this.#suspended.active, kept, due };
  }
}

/** The store checks its values. A long name of a tenant is stored as a hash. */
function readFilter(filter: SuspensionFilter): SuspensionFilter {
  checkShape('filter', filter, { states: true, tenant: true });
  const { tenant } = filter;
  return typeof tenant === 'string' ? { ...filter, tenant: storedTenant(tenant) as string } : filter;
}

function resolveDrainTimeout(options: { readonly drainTimeoutMs?: number }): number {
  checkShape('options', options, { drainTimeoutMs: true });
  const { drainTimeoutMs = DEFAULT_DRAIN_TIMEOUT_MS } = options;
  if (typeof drainTimeoutMs === 'number' && drainTimeoutMs >= 0) return drainTimeoutMs;
  throw invalidArgument('drainTimeoutMs', drainTimeoutMs, 'a number of milliseconds from 0, or Infinity');
}
