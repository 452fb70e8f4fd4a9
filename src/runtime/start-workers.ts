import { WORKER_URL } from '../assets.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import type { EngineModule } from '../engine/load-engine.js';
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
    const reading = libraries();
    const [{ engine, read }, { WorkerPool }, loaded] = await Promise.all([
      initialize(threads, config, reading),
      importInTurn(() => import('../pool/worker-pool.js')),
      load(),
    ]);
    const createPool: CreatePool = (onRetired) => new WorkerPool(threads, config, onRetired);
    return await make({ engine: engine.fingerprint, libraries: read, createPool }, loaded);
  } catch (error) {
    await threads.end();
    throw error;
  }
}

/** Threads that boot build their images while the rest is being loaded. */
async function initialize(
  threads: ThreadStarter,
  { memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes }: PoolConfig,
  reading: Promise<ReadLibraries>,
): Promise<{ readonly engine: EngineModule; readonly read: ReadLibraries }> {
  const loading = importInTurn(() => import('../engine/load-engine.js')).then(({ loadEngine }) => loadEngine());
  const [engine, read] = await Promise.all([loading, reading]);
  const { sources: libraries } = read;
  threads.initialize({ engine, libraries, memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes });
  return { engine, read };
}
