import { createRuntime } from '#build/index.js';

/**
 * A runtime that exists while `use` runs and is always ended. A runtime that hangs does not hang the fault test.
 *
 * @param options of createRuntime; one worker by default
 */
export async function withRuntime(options, use) {
  const runtime = await createRuntime({ maxInstances: 1, metrics: false, ...options });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown({ drainTimeoutMs: 1_000 });
  }
}

/** Empties the memory tier after everything compiled was written, so that the next lookup reads the disk. */
export async function forgetMemory(runtime) {
  await runtime.clearCache({ memory: true, disk: false });
}

/** The counters of the cache that a fault must not change, flattened. */
export function countersOf(runtime) {
  const { compilations, misses, disk } = runtime.getStats().cache;
  const rejections = Object.values(disk.rejections).reduce((sum, count) => sum + count, 0);
  return { compilations, misses, rejections, diskHits: disk.hits, writes: disk.writes };
}
