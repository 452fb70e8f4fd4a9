import { TieredCache } from './cache/tiered-cache.js';
import { CachingCompiler } from './compiler/caching-compiler.js';
import type { CacheConfig } from './config/resolve.js';
import type { PoolConfig } from './config/resolve-pool.js';
import { InstancePool } from './pool/instance-pool.js';
import type { RetirementReason } from './pool/retirement.js';
import type { WorkerThreads } from './pool/worker-threads.js';

/** What a runtime and a stand-alone compiler have in common. */
export interface CompileService {
  readonly pool: InstancePool;
  readonly cache: TieredCache;
  readonly compiler: CachingCompiler;
}

/** As Node shows warnings: once, on stderr, and to whoever listens to `process.on('warning')`. */
function warn(message: string): void {
  process.emitWarning(message, { type: 'NexusWarning', code: 'NEXUS_CACHE' });
}

/**
 * Puts pool, cache and compiler together.
 *
 * @param engine fingerprint of the engine the threads run
 * @param threads equipped with it
 */
export function createCompileService(
  config: { readonly cache: CacheConfig; readonly pool: PoolConfig },
  engine: string,
  threads: WorkerThreads,
  onRetired?: (reason: RetirementReason) => void,
): CompileService {
  const { maxSourceBytes, cacheSecrets } = config.cache;
  const pool = new InstancePool(threads, config.pool, onRetired);
  const cache = new TieredCache({ ...config.cache, engine, onWarning: warn });
  const compiler = new CachingCompiler(pool, cache, { engine, maxSourceBytes, secret: cacheSecrets[0] });
  return { pool, cache, compiler };
}
