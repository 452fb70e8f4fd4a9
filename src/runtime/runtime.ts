import type { RuntimeOptions } from '../api/options.js';
import { type RuntimeConfig, resolveRuntimeConfig } from '../config/resolve.js';
import { requireHost } from '../support/host.js';
import { printDebugSteps } from './debug-output.js';
import { importInTurn } from './import-in-turn.js';
import { describeBundled, type ReadLibraries, readLibraries } from './libraries.js';
import type { NexusRuntime } from './nexus-runtime.js';
import { noteOpen } from './open-handles.js';
import { startWorkers } from './start-workers.js';

/**
 * Creates a runtime: loads the engine, starts `minInstances` workers and builds the base image with the
 * libraries.
 *
 * The workers boot while this thread loads the rest of the library and the engine, which is most of a cold
 * start. The first calls are prepared while the workers are still booting.
 *
 * @throws NexusError INVALID_CONFIG naming the option, or what the host lacks; ENGINE_MISMATCH, INTERNAL_ERROR
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<NexusRuntime> {
  const config = resolveRuntimeConfig(options);
  printDebugSteps();
  requireHost(true);
  const close = noteOpen('shutdown() of the runtime');
  try {
    if (hasStoreToOpen(config)) {
      const { openGivenStore } = await importInTurn(() => import('../suspension/open-given-store.js'));
      await openGivenStore(config.suspension);
    }
    return await startWorkers(
      config.pool,
      () => readLibraries(config.pool.libraries, config.cache, config.node),
      () => importInTurn(() => import('./nexus-runtime.js')),
      async ({ engine, libraries, createPool }, { NexusRuntime }) => {
        const runtime = new NexusRuntime(config, engine, {
          createPool,
          onShutdown: close,
          libraryNeeds: libraries.needs,
          libraries: libraries.sources,
        });
        // A library may be at fault, and the caller should learn it here. Nothing else can fail that a call would not report.
        if (libraries.sources.length > 0) await shutDownUnlessReady(runtime, libraries);
        return runtime;
      },
    );
  } catch (error) {
    close();
    throw error;
  }
}

/** Most runtimes have none, and load nothing for it. */
function hasStoreToOpen({ suspension: { place } }: RuntimeConfig): boolean {
  return typeof place === 'object' && 'store' in place && place.store.open !== undefined;
}

async function shutDownUnlessReady(runtime: NexusRuntime, { bundle }: ReadLibraries): Promise<void> {
  try {
    await runtime.warmup();
  } catch (error) {
    await runtime.shutdown();
    throw describeBundled(error, bundle);
  }
}
