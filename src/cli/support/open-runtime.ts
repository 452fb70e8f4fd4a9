import type { RuntimeOptions } from '../../api/options.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';

/** A runtime in this thread, for commands that execute little: it starts in half the time of one with workers. */
export async function withRuntime<T>(options: RuntimeOptions, use: (runtime: NexusRuntime) => Promise<T>): Promise<T> {
  const { createTestRuntime } = await import('../../testing/index.js');
  const runtime = await createTestRuntime({ ...options, deterministic: false });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown();
  }
}
