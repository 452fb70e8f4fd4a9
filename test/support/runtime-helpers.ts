import { expect, vi } from 'vitest';

import { createRuntime, type NexusRuntime, type RuntimeOptions } from '#src/index.js';
import { ControlBlock } from '#src/protocol/control-block.js';

/** Runs until its time is over; the engine polls in there. */
export const ENDLESS = 'for (;;) ;';
/** Runs for minutes, and nothing polls in there. */
export const NATIVE = 'return "a".repeat(2e6).indexOf("a".repeat(1e6) + "b")';

/** How long is waited for something that has to happen: long enough for a busy machine. */
const PATIENCE = { timeout: 20_000, interval: 5 };

/** Resolves when the check passes, which is tried again and again; rejects as it does when that takes too long. */
export function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, PATIENCE);
}

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

/** Resolves when that many workers execute a request at the same time, which the watchdog reads in their control blocks. */
export async function workersExecute(count = 1): Promise<void> {
  const current = vi.spyOn(ControlBlock.prototype, 'current');
  try {
    await eventually(() => {
      const { contexts, results } = current.mock;
      const executing = contexts.filter((_, index) => results[index]?.value !== undefined);
      expect(new Set(executing).size).toBe(count);
    });
  } finally {
    current.mockRestore();
  }
}
