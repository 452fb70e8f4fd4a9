import type { CapabilityToken } from '../api/capability.js';
import type { HandlerDescription } from '../api/manifest.js';
import type { CacheOptions, PoolOptions } from '../api/options.js';
import type { CompileOptions } from '../api/source-options.js';
import type { VerifyReport } from '../cache/file-tier.js';
import { NO_REMOTE } from '../cache/remote-tier.js';
import type { CacheStats } from '../cache/tiered-cache.js';
import type { CompiledHandler } from '../compiler/compiled-handler.js';
import type { PrecompileOptions, PrecompileReport, PrecompileUnit } from '../compiler/precompile-all.js';
import { DEFAULT_DRAIN_TIMEOUT_MS } from '../config/defaults.js';
import { resolveCompilerConfig } from '../config/resolve.js';
import { COMPILE_OPTION_KEYS, checkCompileOptions } from '../config/source-options.js';
import { NexusError } from '../errors/nexus-error.js';
import { checkShape } from '../execution/request/execute-options.js';
import { requireHost } from '../support/host.js';
import type { ClearedTiers, CompileListener, CompileService } from './compile-service.js';
import { importInTurn } from './import-in-turn.js';
import type { ReadLibraries } from './libraries.js';
import { noteOpen } from './open-handles.js';
import { startWorkers } from './start-workers.js';

/** Options of a stand-alone compiler. It has no libraries, because they matter only to executions. */
export type CompilerOptions = CacheOptions & Omit<PoolOptions, 'libraries'>;

/**
 * The compiler and its cache without a runtime: for build steps that precompile handlers. It shares its cache
 * directory with runtimes. Nothing is started before the first call; call `close` when done.
 */
export class HandlerCompiler implements AsyncDisposable {
  readonly #config: ReturnType<typeof resolveCompilerConfig>;
  #service: Promise<CompileService> | undefined;
  #engine = '';
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
  async compile(code: string, options: CompileOptions = {}): Promise<CompiledHandler> {
    checkShape('options', options, COMPILE_OPTION_KEYS);
    checkCompileOptions(options);
    const { calls, compiler } = await this.#start();
    return calls.run(() => compiler.compileOrThrow(code, options.filename, options));
  }

  /**
   * Compiles a handler to an artifact for `executeCompiledHandler`.
   *
   * @returns the sealed content of a `.qjsc` file
   * @throws NexusError as {@link compile}
   */
  async precompile(code: string, options: CompileOptions = {}): Promise<Uint8Array> {
    const handler = await this.compile(code, options);
    return (await this.#start()).compiler.seal(handler);
  }

  /**
   * Compiles a handler, and says what it needs: entry points, capabilities with those of everything that it imports, files and sizes.
   *
   * @param libraries what the libraries need that it imports: a compiler has none itself. Default: nothing
   * @throws NexusError as {@link compile}
   */
  async describe(
    code: string,
    options: CompileOptions = {},
    libraries: Readonly<Record<string, readonly CapabilityToken[]>> = {},
  ): Promise<HandlerDescription> {
    checkShape('options', options, COMPILE_OPTION_KEYS);
    checkCompileOptions(options);
    const { calls, compiler } = await this.#start();
    const { describeHandler } = await import('./describe-handler.js');
    return calls.run(() => describeHandler(code, options, compiler, libraries));
  }

  /** Fingerprint of the engine for which it compiles: artifacts are executed by the same engine alone. */
  async engine(): Promise<string> {
    await this.#start();
    return this.#engine;
  }

  /**
   * Compiles many handlers, a few at once. A handler that does not compile is listed in the report and does
   * not stop the others.
   *
   * @throws NexusError CANCELLED when the signal fires, INVALID_ARGUMENT, RUNTIME_CLOSED
   */
  async precompileAll(
    units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
    options: PrecompileOptions = {},
  ): Promise<PrecompileReport> {
    return (await this.#start()).precompileAll(units, options);
  }

  /** Checks every entry of the disk cache, removes those that fail, and returns them with the reasons. */
  async verifyCache(): Promise<VerifyReport> {
    return (await this.#start()).verifyCache();
  }

  getStats(): CacheStats {
    return this.#stats();
  }

  /**
   * Removes compiled handlers from the cache. Default: from memory and disk, and not from the remote cache, which other machines use.
   *
   * @throws NexusError INVALID_ARGUMENT; what the remote cache throws
   */
  async clearCache(tiers: ClearedTiers = {}): Promise<void> {
    await (await this.#start()).clearCache(tiers);
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

  #start(): Promise<CompileService> {
    if (this.#closed !== undefined) {
      return Promise.reject(new NexusError('RUNTIME_CLOSED', 'The compiler was closed; create a new one.'));
    }
    this.#service ??= this.#create();
    return this.#service;
  }

  async #create(): Promise<CompileService> {
    requireHost(true);
    this.#noteClosed = noteOpen('close() of the HandlerCompiler');
    return startWorkers(
      this.#config.pool,
      async () => NO_LIBRARIES,
      () => importInTurn(() => import('./compile-service.js')),
      ({ engine, createPool }, { CompileService }) => {
        this.#engine = engine;
        const service = new CompileService(this.#config, engine, createPool, SILENT);
        this.#stats = () => service.cache.stats();
        return service;
      },
    );
  }

  async #stop(): Promise<void> {
    const service = await this.#service?.catch(() => undefined);
    await service?.calls.close(DEFAULT_DRAIN_TIMEOUT_MS);
    await service?.pool.close();
    await service?.cache.close(DEFAULT_DRAIN_TIMEOUT_MS);
  }
}

/** A build step has its report; the warnings of the cache still go to stderr. */
const SILENT: CompileListener = {
  warn: ({ message, code }) => process.emitWarning(message, { type: 'NexusWarning', code }),
  compilation: () => {},
  cache: () => {},
  retirement: () => {},
};

const NO_LIBRARIES: ReadLibraries = { sources: [], bundle: undefined, needs: {} };

const EMPTY_STATS: CacheStats = {
  memory: { entries: 0, bytes: 0, evictions: 0, hits: 0 },
  disk: { entries: 0, bytes: 0, evictions: 0, hits: 0, writes: 0, writeFailures: 0, rejections: {}, droppedWrites: 0 },
  remote: { ...NO_REMOTE, hits: 0 },
  misses: 0,
  compilations: 0,
  hitRate: 0,
};
