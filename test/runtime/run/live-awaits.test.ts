import { afterAll, describe, expect, it, vi } from 'vitest';

import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';
import { createTestRuntime } from '#src/testing/index.js';
import { TenantVms } from '#src/worker/tenant-vms.js';
import { AWAIT_PROGRAMS } from './await-programs.js';

const CONTEXT = {
  stateSnapshot: { x: 0, deep: { list: [] as number[], map: new Map([['k', 1]]) }, secret: 0 },
  capabilities: [
    'state:read:*',
    ...['x', 'o', 'a', 'b', 'd', 'deep'].map((key) => `state:write:${key}`),
    'ext:a.*',
    'events:emit:*',
    'view:update:*',
  ],
};

/** A turn of the event loop, but no time of a clock. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const extensions = {
  a: {
    twice: (n: number) => n * 2,
    late: async (n: number) => {
      await turn();
      return n;
    },
    fail: async (text: string) => {
      throw Object.assign(new TypeError(text), { code: 'E_NO' });
    },
    large: async (count: number) => Array.from({ length: count }, (_, i) => i * 3),
  },
};

/** All that does not depend on how fast it went. */
function timeless({ metrics, ...result }: WasmResult) {
  const { hostCalls, instructionCount, memoryUsedBytes } = metrics;
  return { ...result, metrics: { hostCalls, instructionCount, memoryUsedBytes } };
}

/** Runs each program on both runtimes; in turn, so that caches of the workers are alike. */
function describePair(title: string, create: (maxLiveBytes: number) => Promise<NexusRuntime>, options: object): void {
  describe(title, async () => {
    const [live, captured] = await Promise.all([create(64 * 1024 ** 2), create(0)]);
    afterAll(() => Promise.all([live.shutdown(), captured.shutdown()]));

    it.each(AWAIT_PROGRAMS)('are the same with %s', async (_, code) => {
      const run = async (runtime: NexusRuntime) => {
        const told: unknown[] = [];
        const result = await runtime.run(code, CONTEXT, {
          extensions,
          ...options,
          onEffects: (effects) => void told.push(effects),
        });
        return { told, result: timeless(result) };
      };
      const once = await run(captured);
      expect(await run(live)).toEqual(once);
      // The handler is known by now, and a VM waits for nothing of the run before.
      expect(await run(live)).toEqual(await run(captured));
    });
  });
}

describe('the VM of a handler that waits', () => {
  it('goes on from a checkpoint, or from a snapshot if there is no memory for that', async () => {
    const restored = vi.spyOn(TenantVms.prototype, 'restoreCheckpoint');
    for (const [maxLiveBytes, times] of [
      [64 * 1024 ** 2, 8],
      [0, 0],
    ] as const) {
      restored.mockClear();
      const runtime = await createTestRuntime({ cacheDir: false, maxLiveBytes });
      expect((await runtime.run(AWAIT_PROGRAMS[0]?.[1] ?? '', CONTEXT, { extensions })).returnValue).toBe(56);
      expect(restored).toHaveBeenCalledTimes(times);
      await runtime.shutdown();
    }
  });
});

describe('results of awaits in a VM that stays, and in one that is restored', () => {
  describePair('in the calling thread', (maxLiveBytes) => createTestRuntime({ cacheDir: false, maxLiveBytes }), {});
  describePair('in workers', (maxLiveBytes) => createRuntime({ cacheDir: false, maxInstances: 1, maxLiveBytes }), {
    seed: 7,
  });
});
