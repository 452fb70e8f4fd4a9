import type { CacheEvent, CompileEvent, WarningEvent } from '../api/observing/observer.js';
import type { RemoteCache } from '../api/remote-cache.js';
import type { VerifyReport } from '../cache/file-tier.js';
import { TieredCache } from '../cache/tiered-cache.js';
import { CachingCompiler } from '../compiler/caching-compiler.js';
import {
  type PrecompileOptions,
  type PrecompileReport,
  type PrecompileUnit,
  precompileAll,
} from '../compiler/precompile-all.js';
import type { CacheConfig } from '../config/resolve.js';
import { checkShape } from '../execution/request/execute-options.js';
import { libraryNames } from '../linker/library-names.js';
import { Linker } from '../linker/linker.js';
import { FolderFiles, LayeredFiles, MappedFiles, type ModuleFiles } from '../linker/module-files.js';
import { PackageCheck } from '../linker/package-check.js';
import type { CreatePool, HandlerPool } from '../pool/handler-pool.js';
import type { RetirementReason } from '../protocol/retirement.js';
import { shapeOfWrap } from '../source/forms/source-shape.js';
import { InFlight } from '../support/in-flight.js';
import { checkTiers } from './check-tiers.js';

/** Tiers of the cache to clear. */
export interface ClearedTiers {
  /** @default true */
  readonly memory?: boolean;
  /** @default true */
  readonly disk?: boolean;
  /** The cache of all machines that share it: they compile again what they do not have themselves. @default false */
  readonly remote?: boolean;
}

/** Receives the events of a compile service. */
export interface CompileListener {
  warn(warning: WarningEvent): void;
  compilation(event: CompileEvent): void;
  /** @param make is called only if there is a listener */
  cache(make: () => CacheEvent): void;
  retirement(reason: RetirementReason): void;
}

export interface CompileServiceConfig {
  readonly cache: CacheConfig;
  readonly pool: { readonly maxInstances: number; readonly libraries: Readonly<Record<string, unknown>> };
}

/** Libraries can be imported as well, so there is a linker if there are any. */
function linkerFor({ cache, pool }: CompileServiceConfig): Linker | undefined {
  const names = Object.keys(pool.libraries);
  const { modules, maxSourceBytes } = cache;
  if (modules === undefined && names.length === 0) return undefined;
  const { folder, files, packages = [], resolveDir = process.cwd() } = modules ?? {};
  const layers: ModuleFiles[] = [
    ...(files === undefined ? [] : [new MappedFiles(files)]),
    ...(folder === undefined ? [] : [new FolderFiles(folder)]),
  ];
  return new Linker({
    files: layers.length === 0 ? undefined : new LayeredFiles(layers),
    folder,
    packages,
    libraries: libraryNames(names),
    resolveDir,
    check: new PackageCheck(packages, resolveDir, modules?.lock),
    maxSourceBytes,
  });
}

/** What a runtime and a stand-alone compiler have in common: pool, cache and compiler, and what callers ask of these. */
export class CompileService {
  readonly pool: HandlerPool;
  readonly cache: TieredCache;
  readonly compiler: CachingCompiler;
  /** Undefined if handlers import nothing. */
  readonly linker: Linker | undefined;
  /** Calls under way. */
  readonly calls = new InFlight();
  readonly #maxInstances: number;
  readonly #remoteCache: RemoteCache | undefined;

  /** @param engine fingerprint of the engine that the pool runs */
  constructor(config: CompileServiceConfig, engine: string, createPool: CreatePool, listener: CompileListener) {
    const { maxSourceBytes, cacheSecrets, wrap, source } = config.cache;
    this.#maxInstances = config.pool.maxInstances;
    this.#remoteCache = config.cache.remoteCache;
    this.pool = createPool((reason) => listener.retirement(reason));
    this.cache = new TieredCache({
      ...config.cache,
      engine,
      onWarning: (message) => listener.warn({ code: 'NEXUS_CACHE', message }),
      onEvent: (make) => listener.cache(make),
    });
    this.linker = linkerFor(config);
    this.compiler = new CachingCompiler(this.pool, this.cache, {
      engine,
      maxSourceBytes,
      secret: cacheSecrets[0],
      source,
      shape: wrap && shapeOfWrap(wrap),
      linker: this.linker,
      onCompiled: (event) => listener.compilation(event),
    });
  }

  /** @throws NexusError CANCELLED when the signal fires, INVALID_ARGUMENT, RUNTIME_CLOSED */
  async precompileAll(
    units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
    options: PrecompileOptions,
  ): Promise<PrecompileReport> {
    checkShape('options', options, { concurrency: true, onProgress: true, signal: true });
    const given = { concurrency: this.#maxInstances, ...options };
    return this.calls.run(() => precompileAll(units, this.compiler, this.cache, given));
  }

  verifyCache(): Promise<VerifyReport> {
    return this.cache.verify();
  }

  /** @throws NexusError INVALID_ARGUMENT, and what the remote cache throws */
  async clearCache(tiers: ClearedTiers): Promise<void> {
    checkTiers(tiers, this.#remoteCache);
    // Files that handlers import are read again.
    this.linker?.clear();
    await this.cache.clear(tiers);
  }
}
