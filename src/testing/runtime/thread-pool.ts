import { WORKER_URL } from '../../assets.js';
import type { PoolConfig } from '../../config/resolve-pool.js';
import type { LibrarySource } from '../../engine/library.js';
import type { EngineModule } from '../../engine/load-engine.js';
import type { HandlerPool } from '../../pool/handler-pool.js';
import { ThreadStarter } from '../../pool/thread-starter.js';
import { WorkerPool } from '../../pool/worker-pool.js';

/** A pool with one worker, for handlers that the calling thread cannot execute. */
export function createWorkerPool(
  config: PoolConfig,
  engine: EngineModule,
  libraries: readonly LibrarySource[],
): HandlerPool {
  const one = { ...config, maxInstances: 1, minInstances: 1, maxInstancesPerTenant: 1 };
  const threads = new ThreadStarter(one, WORKER_URL);
  const { memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes } = config;
  threads.initialize({ engine, libraries, memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes });
  return new WorkerPool(threads, one, () => {});
}
