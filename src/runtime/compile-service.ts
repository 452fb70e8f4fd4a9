import type { CacheEvent, CompileEvent, WarningEvent } from '../api/observer.js';
import { TieredCache } from '../cache/tiered-cache.js';
import { CachingCompiler } from '../compiler/caching-compiler.js';
import type { CacheConfig } from '../config/resolve.js';
import type { CreatePool, HandlerPool } from '../pool/handler-pool.js';
import type { RetirementReason } from '../protocol/retirement.js';

/** The parts that a runtime and a stand-alone compiler have in common. */
export interface CompileService {
  readonly pool: HandlerPool;
  readonly cache: TieredCache;
  readonly compiler: CachingCompiler;
}

/** Receives the events of a compile service. */
export interface CompileListener {
  warn(warning: WarningEvent): void;
  compilation(event: CompileEvent): void;
  /** @param make is called only if there is a listener */
  cache(make: () => CacheEvent): void;
  retirement(reason: RetirementReason): void;
}

/**
 * Connects pool, cache and compiler.
 *
 * @param engine fingerprint of the engine that the pool runs
 */
export function createCompileService(
  config: { readonly cache: CacheConfig },
  engine: string,
  createPool: CreatePool,
  listener: CompileListener,
): CompileService {
  const { maxSourceBytes, cacheSecrets } = config.cache;
  const pool = createPool((reason) => listener.retirement(reason));
  const cache = new TieredCache({
    ...config.cache,
    engine,
    onWarning: (message) => listener.warn({ code: 'NEXUS_CACHE', message }),
    onEvent: (make) => listener.cache(make),
  });
  const compiler = new CachingCompiler(pool, cache, {
    engine,
    maxSourceBytes,
    secret: cacheSecrets[0],
    onCompiled: (event) => listener.compilation(event),
  });
  return { pool, cache, compiler };
}
