import { TieredCache } from './cache/tiered-cache.js';
import { CachingCompiler } from './compiler/caching-compiler.js';
import type { CacheConfig, PoolConfig } from './config/resolve.js';
import { InstancePool } from './pool/instance-pool.js';
import type { ThreadPool } from './pool/thread-pool.js';

/** What a runtime and a stand-alone compiler have in common. */
export interface CompileService {
  readonly pool: InstancePool;
  readonly cache: TieredCache;
  readonly compiler: CachingCompiler;
}

/**
 * Puts pool, cache and compiler together.
 *
 * @param engine fingerprint of the engine the threads run
 * @param equipped resolves when the threads have it
 */
export function createCompileService(
  config: { readonly cache: CacheConfig; readonly pool: PoolConfig },
  engine: string,
  threads: ThreadPool,
  equipped: Promise<void>,
): CompileService {
  const { maxSourceBytes, cacheSecret } = config.cache;
  const pool = new InstancePool(threads, config.pool, equipped);
  const cache = new TieredCache(config.cache, engine);
  const compiler = new CachingCompiler(pool, cache, { engine, maxSourceBytes, secret: cacheSecret });
  return { pool, cache, compiler };
}
