import type { RuntimeOptions } from '../api/options.js';
import { WORKER_URL } from '../assets.js';
import { resolveRuntimeConfig } from '../config/resolve.js';
import { ThreadStarter } from '../pool/thread-starter.js';
import { requireHost } from '../support/host.js';
import { importInTurn } from './import-in-turn.js';
import { readLibraries } from './libraries.js';
import type { NexusRuntime } from './nexus-runtime.js';
import { noteOpen } from './open-handles.js';

/**
 * Starts a runtime: loads the engine, starts `minInstances` workers and builds the base image with its libraries.
 *
 * The workers boot while this thread loads the rest of the library and the engine: that is most of a cold start. The
 * first calls are prepared while they still do.
 *
 * @throws NexusError INVALID_CONFIG naming the option, or what the host lacks; ENGINE_MISMATCH, INTERNAL_ERROR
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<NexusRuntime> {
  const config = resolveRuntimeConfig(options);
  requireHost(true);
  const threads = new ThreadStarter(config.pool, WORKER_URL);
  const close = noteOpen('shutdown() of the runtime');
  try {
    const [engine, { NexusRuntime }, { WorkerPool }, libraries] = await Promise.all([
      importInTurn(() => import('../engine/load-engine.js')).then(({ loadEngine }) => loadEngine()),
      importInTurn(() => import('./nexus-runtime.js')),
      importInTurn(() => import('../pool/worker-pool.js')),
      readLibraries(config.pool.libraries),
    ]);
    const { memoryLimitBytes, stackSizeBytes, isolation } = config.pool;
    threads.initialize({ engine, libraries, memoryLimitBytes, stackSizeBytes, isolation });
    const runtime = new NexusRuntime(config, engine.fingerprint, {
      createPool: (onRetired) => new WorkerPool(threads, config.pool, onRetired),
      onShutdown: close,
    });
    // A library may be at fault, and the caller should learn it here. Nothing else can fail that a call would not report.
    if (libraries.length > 0) await shutDownUnlessReady(runtime);
    return runtime;
  } catch (error) {
    close();
    await threads.end();
    throw error;
  }
}

async function shutDownUnlessReady(runtime: NexusRuntime): Promise<void> {
  try {
    await runtime.warmup();
  } catch (error) {
    await runtime.shutdown();
    throw error;
  }
}
