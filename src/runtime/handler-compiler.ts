import type { CacheOptions, PoolOptions } from '../api/options.js';
import { WORKER_URL } from '../assets.js';
import type { VerifyReport } from '../cache/file-tier.js';
import type { CacheStats } from '../cache/tiered-cache.js';
import type { CompiledHandler } from '../compiler/compiled-handler.js';
import {
  type PrecompileOptions,
  type PrecompileReport,
  type PrecompileUnit,
  precompileAll,
} from '../compiler/precompile-all.js';
import { DEFAULT_DRAIN_TIMEOUT_MS } from '../config/defaults.js';
import { resolveCompilerConfig } from '../config/resolve.js';
import { NexusError } from '../errors/nexus-error.js';
import { checkShape } from '../execution/request/execute-options.js';
import { ThreadStarter } from '../pool/thread-starter.js';
import { requireHost } from '../support/host.js';
import { InFlight } from '../support/in-flight.js';
import { checkTiers } from './check-tiers.js';
import type { CompileListener, CompileService } from './compile-service.js';
import { importInTurn } from './import-in-turn.js';
import { noteOpen } from './open-handles.js';

/** What a stand-alone compiler can be told. Libraries matter to executions only. */
export type CompilerOptions = CacheOptions & Omit<PoolOptions, 'libraries'>;

interface Parts extends CompileService {
  readonly calls: InFlight;
}

/**
 * The compiler and its cache without a runtime around them: for build steps that precompile handlers. It shares its cache
 * directory with runtimes. Nothing is started before the first call; `close` it when done.
 */
export class HandlerCompiler implements AsyncDisposable {
  readonly #config: ReturnType<typeof resolveCompilerConfig>;
  #parts: Promise<Parts> | undefined;
  #stats: () => CacheStats = () => EMPTY_STATS;
  #closed: Promise<void> | undefined;
  #noteClosed: () => void = () => {};

  /** @throws NexusError INVALID_CONFIG naming the option */
  constructor(options: CompilerOptions = {}) {
    this.#config = resolveCompilerConfig(options);
  }

  /**
   * Compiles a handler, or finds it compiled.
   *
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  async compile(code: string, options: { readonly filename?: string } = {}): Promise<CompiledHandler> {
    checkShape('options', options, { filename: true });
    const { calls, compiler } = await this.#start();
    return calls.run(() => compiler.compileOrThrow(code, options.filename));
  }

  /**
   * Compiles many handlers, a few at once; one that does not compile is in the report and does not hold up the rest.
   *
   * @throws NexusError CANCELLED when the signal fires, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  async precompileAll(
    units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
    options: PrecompileOptions = {},
  ): Promise<PrecompileReport> {
    const { calls, cache, compiler } = await this.#start();
    checkShape('options', options, { concurrency: true, onProgress: true, signal: true });
    const { maxInstances } = this.#config.pool;
    return calls.run(() => precompileAll(units, compiler, cache, { concurrency: maxInstances, ...options }));
  }

  /** Checks every entry of the disk cache, removes those that fail, and says which and why. */
  async verifyCache(): Promise<VerifyReport> {
    return (await this.#start()).cache.verify();
  }

  getStats(): CacheStats {
    return this.#stats();
  }

  /** Forgets compiled handlers. Default: both tiers. */
  async clearCache(tiers: { readonly memory?: boolean; readonly disk?: boolean } = {}): Promise<void> {
    checkTiers(tiers);
    const { cache } = await this.#start();
    await cache.clear(tiers);
  }

  /** Waits until everything compiled is on disk, then ends the worker. */
  close(): Promise<void> {
    this.#noteClosed();
    this.#closed ??= this.#stop();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): Promise<Parts> {
    if (this.#closed !== undefined) {
      return Promise.reject(new NexusError('RUNTIME_CLOSED', 'The compiler was closed; create a new one.'));
    }
    this.#parts ??= this.#create();
    return this.#parts;
  }

  async #create(): Promise<Parts> {
    requireHost(true);
    this.#noteClosed = noteOpen('close() of the HandlerCompiler');
    const threads = new ThreadStarter(this.#config.pool, WORKER_URL);
    try {
      // Loaded while the worker boots.
      const [engine, { createCompileService }, { WorkerPool }] = await Promise.all([
        importInTurn(() => import('../engine/load-engine.js')).then(({ loadEngine }) => loadEngine()),
        importInTurn(() => import('./compile-service.js')),
        importInTurn(() => import('../pool/worker-pool.js')),
      ]);
      const { pool } = this.#config;
      const { memoryLimitBytes, stackSizeBytes, isolation } = pool;
      threads.initialize({ engine, libraries: [], memoryLimitBytes, stackSizeBytes, isolation });
      const service = createCompileService(
        this.#config,
        engine.fingerprint,
        (onRetired) => new WorkerPool(threads, pool, onRetired),
        SILENT,
      );
      this.#stats = () => service.cache.stats();
      return { ...service, calls: new InFlight() };
    } catch (error) {
      await threads.end();
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const parts = await this.#parts?.catch(() => undefined);
    await parts?.calls.close(DEFAULT_DRAIN_TIMEOUT_MS);
    await parts?.pool.close();
    await parts?.cache.close(DEFAULT_DRAIN_TIMEOUT_MS);
  }
}

/** A build step has its report; what the cache has to say is for people. */
const SILENT: CompileListener = {
  warn: ({ message, code }) => process.emitWarning(message, { type: 'NexusWarning', code }),
  compilation: () => {},
  cache: () => {},
  retirement: () => {},
};

const EMPTY_STATS: CacheStats = {
  memory: { entries: 0, bytes: 0, evictions: 0, hits: 0 },
  disk: { entries: 0, bytes: 0, evictions: 0, hits: 0, writes: 0, writeFailures: 0, rejections: {}, droppedWrites: 0 },
  misses: 0,
  compilations: 0,
  hitRate: 0,
};
