import { createRuntime, type NexusRuntime, type RuntimeOptions } from 'nexus-runtime';

/** Runs until its time has expired. The engine polls inside the loop. */
export const ENDLESS = 'for (;;) ;';
/** Runs for minutes, and nothing polls in there. */
export const NATIVE = 'return "a".repeat(2e6).indexOf("a".repeat(1e6) + "b")';

/** A runtime for the time of a test. */
export async function withRuntime<T>(options: RuntimeOptions, use: (runtime: NexusRuntime) => Promise<T>): Promise<T> {
  const runtime = await createRuntime({ cacheDir: false, ...options });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown({ drainTimeoutMs: 0 });
  }
}

/** What a promise rejects with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`It resolved: ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}
