import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';

import { createRuntime, type NexusRuntime, type RuntimeOptions } from '#src/index.js';

export const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const satisfies RuntimeOptions;
export const ALL = {
  capabilities: ['ext:*', 'events:emit:*', 'timer', 'signal:*', 'state:read:*', 'state:write:*'],
};

/** Runtimes and folders of a test, which end with it. */
export function useRuntimes() {
  const opened: NexusRuntime[] = [];
  const folders: string[] = [];
  afterEach(async () => {
    for (const runtime of opened.splice(0)) await runtime.shutdown();
  });
  afterAll(async () => {
    for (const one of folders) await rm(one, { recursive: true, force: true });
  });
  return {
    async open(options: RuntimeOptions = {}): Promise<NexusRuntime> {
      const runtime = await createRuntime({ ...OPTIONS, ...options });
      opened.push(runtime);
      return runtime;
    },
    folder(): string {
      const made = mkdtempSync(join(tmpdir(), 'nexus-runs-'));
      folders.push(made);
      return made;
    },
  };
}

/** Waits until a run waits for calls or timers of these names. */
export async function untilWaits(runtime: NexusRuntime, runId: string, count = 1): Promise<void> {
  for (;;) {
    const { calls, timers } = await runtime.getRun(runId).describe();
    if (calls.length + timers.length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
