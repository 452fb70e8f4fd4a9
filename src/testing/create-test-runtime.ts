import { readFile } from 'node:fs/promises';

import { invalidOption } from '../config/check.js';
import type { RuntimeOptions } from '../config/options.js';
import { resolveRuntimeConfig } from '../config/resolve.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import type { LibrarySource } from '../engine/library.js';
import { type EngineModule, loadEngine } from '../engine/load-engine.js';
import { decodePreludeImage } from '../engine/prelude-image.js';
import { readLibraries } from '../libraries.js';
import { Executor } from '../pool/executor.js';
import type { HandlerPool } from '../pool/handler-pool.js';
import { PRELUDE_URL } from '../prelude-url.js';
import { WORKER_URL } from '../worker-url.js';
import { CallingThread } from './calling-thread.js';
import { TestClock } from './clock.js';
import { TestRuntime } from './test-runtime.js';

/** 0 would do as well; a number that is nobody's default is easier to recognise. */
const DEFAULT_SEED = 42;

/** Options of `createTestRuntime`: those of a runtime, though what concerns workers only has no effect, and time and chance. */
export interface TestRuntimeOptions extends RuntimeOptions {
  /** Where its clock stands, in milliseconds since the epoch, or a Date. @default 2025-01-01T00:00:00Z */
  readonly now?: number | Date;
  /** What handlers get as chance. Each execution begins with it anew, so none depends on those before it. @default 42 */
  readonly seed?: number;
}

/**
 * A runtime for tests: the real engine, compiler, cache, limits and suspensions, without workers. It runs handlers in the calling thread,
 * under a clock that stands and with chance that repeats itself, and its ids are the same each time.
 *
 * @throws NexusError INVALID_CONFIG naming the option, ENGINE_MISMATCH, INTERNAL_ERROR
 */
export async function createTestRuntime(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const { now, seed = DEFAULT_SEED, ...rest } = options;
  const config = resolveRuntimeConfig(rest);
  if (!Number.isFinite(seed)) throw invalidOption('seed', seed, 'a finite number');
  const clock = new TestClock(now);
  const [engine, prelude, libraries] = await Promise.all([
    loadEngine(),
    readFile(PRELUDE_URL),
    readLibraries(config.pool.libraries),
  ]);
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
