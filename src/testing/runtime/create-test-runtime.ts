import { loadParts } from './load-parts.js';
import type { TestRuntime } from './test-runtime.js';
import type { TestRuntimeOptions } from './test-runtime-options.js';

/** Begun at once: another thread compiles the engine while this one loads the rest. */
const parts = loadParts();

/**
 * A runtime for tests: the real engine, compiler, cache, limits and suspensions, without workers. It runs handlers in the calling thread,
 * under a clock that stands and with chance that repeats itself, and its ids are the same each time.
 *
 * @throws NexusError INVALID_CONFIG naming the option, ENGINE_MISMATCH, INTERNAL_ERROR
 */
export async function createTestRuntime(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const { startTestRuntime } = await import('../kit.js');
  return startTestRuntime(options, await parts);
}
