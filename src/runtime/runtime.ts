import type { RuntimeOptions } from '../api/options.js';
import { WORKER_URL } from '../assets.js';
import { resolveRuntimeConfig } from '../config/resolve.js';
import { ThreadStarter } from '../pool/thread-starter.js';
import { readLibraries } from './libraries.js';
import type { NexusRuntime } from './nexus-runtime.js';
import { noteOpen } from './open-handles.js';

/**
 * Creates a runtime: loads the engine, starts `minInstances` workers and builds the base image with the
 * libraries.
 *
 * The workers boot while this thread loads the rest of the library and the engine, which is most of a cold
 * start. The first calls are prepared while the workers are still booting.
 *
 * @throws NexusError INVALID_CONFIG naming the option, ENGINE_MISMATCH, INTERNAL_ERROR
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<NexusRuntime> {
  const config = resolveRuntimeConfig(options);
  const threads = new ThreadStarter(config.pool, WORKER_URL);
  const close = noteOpen('shutdown() of the runtime');
  try {
    const [engine, { NexusRuntime }, { WorkerPool }, libraries] = await Promise.all([
      import('../engine/load-engine.js').then(({ loadEngine }) => loadEngine()),
      import('./nexus-runtime.js'),
      import('../pool/worker-pool.js'),
      readLibraries(config.pool.libraries),
    ]);
    const { memoryLimitBytes, stackSizeBytes, isolation } = config.pool;
    threads.initialize({ engine, libraries, memoryLimitBytes, stackSizeBytes, isolation });
    const runtime = new NexusRuntime(config, engine.fingerprint, {
      createPool: (onRetired) => new WorkerPool(threads, config.pool, onRetired),
      onShutdown: close,
    });
    // A library may be faulty, and the caller should learn it here. All other failures are reported by calls.
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
