import { afterAll } from 'vitest';

import { createTestRuntime, type TestRuntime, type TestRuntimeOptions } from '#src/testing/index.js';

/** A test runtime for a test file, which leaves no files behind. */
export async function testRuntime(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const runtime = await createTestRuntime({ cacheDir: false, ...options });
  afterAll(() => runtime.shutdown());
  return runtime;
}
