import { boolean, invalidOption } from '../config/check.js';
import { resolveRuntimeConfig } from '../config/resolve.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import { decodePreludeImage } from '../engine/prelude-image.js';
import { readLibraries } from '../libraries.js';
import { Executor } from '../pool/executor.js';
import type { HandlerPool } from '../pool/handler-pool.js';
import { WORKER_URL } from '../worker-url.js';
import { CallingThread } from './calling-thread.js';
import { TestClock } from './clock.js';
import type { Parts } from './load-parts.js';
import { TestRuntime } from './test-runtime.js';
import type { TestRuntimeOptions } from './test-runtime-options.js';

/** 0 would do as well; a number that is nobody's default is easier to recognise. */
const DEFAULT_SEED = 42;

/** @throws NexusError INVALID_CONFIG naming the option, INTERNAL_ERROR */
export async function startTestRuntime(options: TestRuntimeOptions, { engine, prelude }: Parts): Promise<TestRuntime> {
  const { now, seed = DEFAULT_SEED, inWorker, ...rest } = options;
  const config = resolveRuntimeConfig(rest);
  if (!Number.isFinite(seed)) throw invalidOption('seed', seed, 'a finite number');
  const clock = new TestClock(now);
  const libraries = await readLibraries(config.pool.libraries);
  const { memoryLimitBytes, stackSizeBytes } = config.pool;
  const executor = await Executor.create({
    engine,
    prelude: decodePreludeImage(prelude, engine.fingerprint),
    libraries,
    memoryLimitBytes,
    stackSizeBytes,
  });
  return new TestRuntime(config, engine.fingerprint, {
    clock,
    seed,
    createPool: (onRetired) =>
      new CallingThread({
        executor,
        isWorkerOnly: boolean('inWorker', inWorker, false),
        onRetired,
        createWorker: () => createWorker(config.pool, engine, libraries),
      }),
  });
}

/** Loaded when needed: most tests do without. */
async function createWorker(
  config: PoolConfig,
  engine: EngineModule,
  libraries: readonly LibrarySource[],
): Promise<HandlerPool> {
  const [{ InstancePool }, { WorkerThreads }] = await Promise.all([
    import('../pool/instance-pool.js'),
    import('../pool/worker-threads.js'),
  ]);
  const one = { ...config, maxInstances: 1, minInstances: 1, maxInstancesPerTenant: 1 };
  const threads = new WorkerThreads(one, WORKER_URL);
  const { memoryLimitBytes, stackSizeBytes } = config;
  threads.equip({ engine, libraries, memoryLimitBytes, stackSizeBytes });
  return new InstancePool(threads, one, () => {});
}
