import { resolveRuntimeConfig } from '#build/config/resolve.js';
import { loadEngine } from '#build/engine/load-engine.js';
import { ThreadStarter } from '#build/pool/thread-starter.js';
import { WorkerPool } from '#build/pool/worker-pool.js';
import { NexusRuntime } from '#build/runtime/nexus-runtime.js';

const FRAGILE_WORKER = new URL('../pool/workers/fragile-worker.mjs', import.meta.url);

/**
 * A runtime with a worker module other than the library's own.
 *
 * @param worker default: the library's worker, in which executions can die as defined in `fates.mjs`
 */
export async function withFragileRuntime(options, use, worker = FRAGILE_WORKER) {
  const config = resolveRuntimeConfig({ metrics: false, cacheDir: false, ...options });
  const engine = await loadEngine();
  const threads = new ThreadStarter(config.pool, worker);
  const { memoryLimitBytes, stackSizeBytes } = config.pool;
  threads.initialize({ engine, libraries: [], memoryLimitBytes, stackSizeBytes });
  const runtime = new NexusRuntime(config, engine.fingerprint, {
    createPool: (onRetired) => new WorkerPool(threads, config.pool, onRetired),
  });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown({ drainTimeoutMs: 1_000 });
  }
}
