import type { CacheEvent, CompileEvent, WarningEvent } from '../api/observer.js';
import { TieredCache } from '../cache/tiered-cache.js';
import { CachingCompiler } from '../compiler/caching-compiler.js';
import type { CacheConfig } from '../config/resolve.js';
import type { CreatePool, HandlerPool } from '../pool/handler-pool.js';
import type { RetirementReason } from '../protocol/retirement.js';

/** What a runtime and a stand-alone compiler have in common. */
export interface CompileService {
  readonly pool: HandlerPool;
  readonly cache: TieredCache;
  readonly compiler: CachingCompiler;
}

/** Who is told what happens. */
export interface CompileListener {
  warn(warning: WarningEvent): void;
  compilation(event: CompileEvent): void;
  /** @param make is called only if somebody listens */
  cache(make: () => CacheEvent): void;
  retirement(reason: RetirementReason): void;
}

/**
 * Puts pool, cache and compiler together.
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
