import { WORKER_URL } from '../assets.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import type { CreatePool } from '../pool/handler-pool.js';
import { ThreadStarter } from '../pool/thread-starter.js';
import { importInTurn } from './import-in-turn.js';
import type { ReadLibraries } from './libraries.js';

/** Workers that boot, and what makes a pool of them. */
export interface StartedWorkers {
  /** Fingerprint of their engine. */
  readonly engine: string;
  readonly libraries: ReadLibraries;
  readonly createPool: CreatePool;
}

/**
 * Starts workers, and loads the engine and the rest of the library while they boot: that is most of a cold start.
 *
 * @param load what else is loaded meanwhile
 * @param make what uses them; when it throws, they are ended
 */
export async function startWorkers<Loaded, Made>(
  config: PoolConfig,
  libraries: () => Promise<ReadLibraries>,
  load: () => Promise<Loaded>,
  make: (workers: StartedWorkers, loaded: Loaded) => Made | Promise<Made>,
): Promise<Made> {
  const threads = new ThreadStarter(config, WORKER_URL);
  try {
    const [engine, { WorkerPool }, read, loaded] = await Promise.all([
      importInTurn(() => import('../engine/load-engine.js')).then(({ loadEngine }) => loadEngine()),
      importInTurn(() => import('../pool/worker-pool.js')),
      libraries(),
      load(),
    ]);
    const { memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes } = config;
    threads.initialize({
      engine,
      libraries: read.sources,
      memoryLimitBytes,
      stackSizeBytes,
      isolation,
      maxPreparedBytes,
    });
    const createPool: CreatePool = (onRetired) => new WorkerPool(threads, config, onRetired);
    return await make({ engine: engine.fingerprint, libraries: read, createPool }, loaded);
  } catch (error) {
    await threads.end();
    throw error;
  }
}
