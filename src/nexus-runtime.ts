import type { VerifyReport } from './cache/file-tier.js';
import type { EntryUse } from './cache/memory-tier.js';
import type { CacheStats, TieredCache } from './cache/tiered-cache.js';
import { TransientArtifacts } from './cache/transient-artifacts.js';
import { inferCapabilities } from './capabilities/inference/infer.js';
import { createCompileService } from './compile-service.js';
import { ArtifactError, openArtifact } from './compiler/artifact.js';
import type { CachingCompiler, CompileAttempt } from './compiler/caching-compiler.js';
import { type CompileResult, shareBytecode } from './compiler/compiled-handler.js';
import {
  type PrecompileOptions,
  type PrecompileReport,
  type PrecompileUnit,
  precompileAll,
} from './compiler/precompile-all.js';
import { describe } from './config/check.js';
import { DEFAULT_DRAIN_TIMEOUT_MS } from './config/defaults.js';
import type { RuntimeConfig } from './config/resolve.js';
import { HANDLER_NAMESPACE } from './contract/cache-entry.js';
import type { CapabilityToken } from './contract/capability.js';
import type { WasmContext } from './contract/context.js';
import type { WasmResult } from './contract/result.js';
import { abortable } from './contract/waiting.js';
import { NexusError } from './errors/nexus-error.js';
import { PrometheusRecorder } from './metrics/prometheus.js';
import { type MetricsRecorder, noMetrics } from './metrics/recorder.js';
import { type ExecutionStatistics, Statistics } from './metrics/statistics.js';
import { tell } from './observe.js';
import { auditEvents } from './pool/audit.js';
import { prepareRequest } from './pool/build-request.js';
import { Calls } from './pool/calls.js';
import { type ExecuteOptions, normaliseOptions } from './pool/execute-options.js';
import type { InstancePool } from './pool/instance-pool.js';
import type { ReadOutcome } from './pool/outcome.js';
import { assembleResult, cancelledResult, errorResult } from './pool/result.js';
import type { ThreadPool } from './pool/thread-pool.js';

export interface RuntimeStats extends ExecutionStatistics {
  /** Workers that execute right now. */
  readonly activeInstances: number;
  /** Workers that are up and idle. */
  readonly availableInstances: number;
  readonly queuedExecutions: number;
  /** 0 to 1. */
  readonly cacheHitRate: number;
  readonly cache: CacheStats;
}

/** What the disk cache gets at least to finish its writes, when calls took all of the drain timeout. */
const MIN_FLUSH_MS = 500;

/**
 * Runs handlers: compiles them once, keeps them, executes each in a pristine VM. Made by `createRuntime`; shut it down, or declare it with `await using`.
 */
export class NexusRuntime implements AsyncDisposable {
  readonly #config: RuntimeConfig;
  /** Fingerprint. */
  readonly #engine: string;
  readonly #pool: InstancePool;
  readonly #cache: TieredCache;
  readonly #compiler: CachingCompiler;
  readonly #calls = new Calls();
  /** By namespace: calls for one key at the same time must meet. */
  readonly #artifacts = new Map<string, TransientArtifacts>();
  readonly #statistics = new Statistics();
  readonly #recorder: MetricsRecorder;
  #shutdown: Promise<void> | undefined;

  /** @internal use `createRuntime` */
  constructor(config: RuntimeConfig, engine: string, threads: ThreadPool, equipped: Promise<void>) {
    this.#config = config;
    this.#engine = engine;
    const { pool, cache, compiler } = createCompileService(config, engine, threads, equipped);
    this.#pool = pool;
    this.#cache = cache;
    this.#compiler = compiler;
    this.#recorder = config.metrics === false ? noMetrics : new PrometheusRecorder(config.metrics);
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
    return this.#execute(context, options, (filename) => this.#compiler.compile(code, filename));
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
      const { filename } = normaliseOptions(options);
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
    return this.#execute(context, options, async () => ({ ok: true, handler: this.#openArtifact(artifact) }));
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
    const { maxInstances } = this.#config.pool;
    return this.#calls.run(() =>
      precompileAll(units, this.#compiler, this.#cache, { concurrency: maxInstances, ...options }),
    );
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
  inferCapabilities(code: string): CapabilityToken[] {
    return inferCapabilities(code);
  }

  /** Checks every entry of the disk cache, removes those that fail, and says which and why. */
  verifyCache(): Promise<VerifyReport> {
    return this.#cache.verify();
  }

  /** How the entries in memory are used, the most recently used first. */
  inspectCache({ limit = 100 }: { readonly limit?: number } = {}): EntryUse[] {
    return this.#cache.uses(limit);
  }

  getStats(): RuntimeStats {
    const { threads, running, queued } = this.#pool.stats;
    const cache = this.#cache.stats();
    return {
      ...this.#statistics.snapshot(),
      activeInstances: running,
      availableInstances: Math.max(0, threads - running),
      queuedExecutions: queued,
      cacheHitRate: cache.hitRate,
      cache,
    };
  }

  /** All metrics in the Prometheus text format; empty when they are off. */
  getPrometheusMetrics(): Promise<string> {
    return this.#recorder.text();
  }

  /** Forgets compiled handlers. Default: both tiers. */
  async clearCache(tiers: { readonly memory?: boolean; readonly disk?: boolean } = {}): Promise<void> {
    await this.#cache.clear(tiers);
  }

  /**
   * Stops admission, waits for what was accepted, at most `drainTimeoutMs` (default 25,000), then ends the workers. Calling
   * again returns the same promise.
   */
  shutdown({ drainTimeoutMs = DEFAULT_DRAIN_TIMEOUT_MS }: { readonly drainTimeoutMs?: number } = {}): Promise<void> {
    if (!(drainTimeoutMs >= 0)) {
      const expected = 'a number of milliseconds from 0, or Infinity';
      return Promise.reject(
        new NexusError('INVALID_ARGUMENT', `drainTimeoutMs is ${describe(drainTimeoutMs)}; it must be ${expected}.`),
      );
    }
    this.#shutdown ??= this.#end(drainTimeoutMs);
    return this.#shutdown;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #end(drainTimeoutMs: number): Promise<void> {
    const startedAt = performance.now();
    await this.#calls.close(drainTimeoutMs);
    await this.#pool.close();
    await this.#cache.close(Math.max(MIN_FLUSH_MS, drainTimeoutMs - (performance.now() - startedAt)));
  }

  /** One call from its arguments to its result; `obtain` says where the handler comes from. */
  #execute(
    context: WasmContext,
    options: number | ExecuteOptions | undefined,
    obtain: (filename: string | undefined) => Promise<CompileAttempt>,
  ): Promise<WasmResult> {
    const calledAt = performance.now();
    return this.#calls.run(async () => {
      const { filename, signal, ...rest } = normaliseOptions(options);
      const { request, grants } = prepareRequest(context, rest, this.#config);
      const attempt = await abortable(() => obtain(filename), signal);
      if (attempt === 'aborted') return this.#observed(cancelledResult(signal, context), false);
      if (!attempt.ok) return this.#observed(errorResult(attempt.error, context), false);
      const { handler } = attempt;
      const execution = await this.#pool.execute(handler, { key: handler.key, ...request }, signal);
      const bounds = { grants, limits: request.limits };
      const { onAudit } = this.#config.observer;
      const audit = onAudit && {
        onOutcome: (outcome: ReadOutcome) => tell(onAudit, auditEvents(outcome, bounds, context)),
      };
      return this.#observed(assembleResult(execution, handler, { context, bounds, calledAt, signal, ...audit }));
    });
  }

  #observed(result: WasmResult, executed = true): WasmResult {
    const { status, error, metrics } = result;
    const observation = { status, metrics, executed, ...(error && { code: error.code }) };
    this.#statistics.execution(observation);
    this.#recorder.execution(observation);
    return result;
  }

  /** Kept under a name of its own: what an artifact says of its key is its own word. */
  #openArtifact(sealed: unknown): CompileResult {
    if (!(sealed instanceof Uint8Array)) {
      throw new NexusError('INVALID_ARGUMENT', `The artifact must be bytes; it is ${describe(sealed)}.`, {
        context: { field: 'artifact', expected: 'a Uint8Array from precompileHandler' },
      });
    }
    try {
      const startedAt = performance.now();
      const { header, content, digest } = openArtifact(sealed, this.#engine, this.#config.cache.cacheSecrets);
      if (header.namespace !== HANDLER_NAMESPACE) throw new ArtifactError('header', 'holds no handler');
      const { filename, source, namespace } = header;
      const key = `artifact:${digest}`;
      let entry = this.#cache.peek(key);
      if (entry === undefined) {
        entry = { key, namespace, filename, source, content: shareBytecode(content) };
        this.#cache.adopt(entry);
      }
      const compilationTimeUs = (performance.now() - startedAt) * 1000;
      return { key, filename, source, bytecode: entry.content, tier: 'memory', compilationTimeUs };
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      throw new NexusError('INVALID_ARTIFACT', `The artifact ${error.message}. Compile the handler again.`, {
        context: { problem: error.problem },
      });
    }
  }
}
