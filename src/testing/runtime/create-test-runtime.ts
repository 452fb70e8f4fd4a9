import { loadParts } from './load-parts.js';
import type { TestRuntime } from './test-runtime.js';
import type { TestRuntimeOptions } from './test-runtime-options.js';

/** Started at once: another thread compiles the engine while this one loads the rest. */
const parts = loadParts();

/**
 * A runtime for tests: the real engine, compiler, cache, limits and suspensions, without workers. It runs
 * handlers in the calling thread, with a frozen clock, seeded randomness and the same ids in each run.
 *
 * @throws NexusError INVALID_CONFIG naming the option, ENGINE_MISMATCH, INTERNAL_ERROR
 */
export async function createTestRuntime(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const { startTestRuntime } = await import('../kit.js');
  return startTestRuntime(options, await parts);
}
