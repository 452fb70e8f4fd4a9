import { createRuntime } from '#build/index.js';

/**
 * A runtime for the time of `use`. Ended in any case; one that hangs does not hang the fault with it.
 *
 * @param options of createRuntime; one worker unless they say otherwise
 */
export async function withRuntime(options, use) {
  const runtime = await createRuntime({ maxInstances: 1, metrics: false, ...options });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown({ drainTimeoutMs: 1_000 });
  }
}

/** Empties memory after everything compiled was written, so that the next lookup is on disk. */
export async function forgetMemory(runtime) {
  await runtime.clearCache({ memory: true, disk: false });
}

/** What a fault must not have changed: the counters of the cache, flat. */
export function countersOf(runtime) {
  const { compilations, misses, disk } = runtime.getStats().cache;
  const rejections = Object.values(disk.rejections).reduce((sum, count) => sum + count, 0);
  return { compilations, misses, rejections, diskHits: disk.hits, writes: disk.writes };
}
