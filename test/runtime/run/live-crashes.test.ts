import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';
import { CheckpointAreas } from '#src/pool/checkpoints/areas.js';
import { eventually, NATIVE, rejection, workersExecute } from '../../support/runtime-helpers.js';
import { ANYTHING } from '../../suspension/resume-helpers.js';

const WAITS =
  'let s = $args.n; for (let i = 0; i < 3; i++) { $emit("at", i); s += await $ext.a.ask($args.n, i) } return s';
const RUNS = 40;

let threads: Worker[] = [];
const note = (thread: Worker) => {
  threads.push(thread);
  thread.once('exit', () => {
    threads = threads.filter((one) => one !== thread);
  });
};
beforeAll(() => void process.on('worker', note));
afterAll(() => void process.off('worker', note));

/** An extension whose answers wait until they are let go. */
function gate() {
  const waiting: (() => void)[] = [];
  const asked = new Map<string, number>();
  const ask = (n: number, i: number) => {
    asked.set(`${n}:${i}`, (asked.get(`${n}:${i}`) ?? 0) + 1);
    return new Promise((resolve) => waiting.push(() => resolve(10 ** i)));
  };
  const letGo = () => {
    for (const go of waiting.splice(0)) go();
  };
  return { waiting, asked, extensions: { a: { ask } }, letGo };
}

/** Bytes of areas that are in use in the pools of this test. */
function watchAreas() {
  const all = new Set<CheckpointAreas>();
  const take = CheckpointAreas.prototype.take;
  const spy = vi.spyOn(CheckpointAreas.prototype, 'take').mockImplementation(function (this: CheckpointAreas, key) {
    all.add(this);
    return take.call(this, key);
  });
  return {
    get usedBytes() {
      return [...all].reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    },
    end: () => spy.mockRestore(),
  };
}

async function withLive<T>(options: object, use: (runtime: NexusRuntime) => Promise<T>): Promise<T> {
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 2, killGraceMs: 50, ...options });
  try {
    return await use(runtime);
  } finally {
    await runtime.shutdown({ drainTimeoutMs: 0 });
  }
}

describe('runs that wait while their workers end', () => {
  /** Begins the runs, breaks something at each of their waits, and lets them go on. */
  async function goThrough(runtime: NexusRuntime, interfere: () => Promise<unknown>): Promise<void> {
    const { waiting, asked, extensions, letGo } = gate();
    const told = Array.from({ length: RUNS }, () => [] as unknown[]);
    const results = Array.from({ length: RUNS }, (_, n) =>
      runtime.run(
        WAITS,
        { ...ANYTHING, args: { n } },
        {
          extensions,
          onEffects: ({ events }) => void told[n]?.push(...events.map(({ payload }) => payload)),
        },
      ),
    );
    for (let wait = 0; wait < 3; wait++) {
      await eventually(() => expect(waiting).toHaveLength(RUNS));
      await interfere();
      letGo();
    }
    for (const [n, result] of (await Promise.all(results)).entries()) {
      expect(result).toMatchObject({ status: 'success', returnValue: n + 111 });
      expect(told[n]).toEqual([0, 1, 2]);
    }
    // Each call was made once.
    expect([...asked.values()]).toEqual(Array.from({ length: 3 * RUNS }, () => 1));
  }

  it('lose nothing when threads are terminated, and nothing is executed twice', async () => {
    const areas = watchAreas();
    await withLive({}, async (runtime) => {
      await goThrough(runtime, async () => {
        expect(areas.usedBytes).toBeGreaterThan(0);
        await Promise.all(threads.map((thread) => thread.terminate()));
      });
      await eventually(() => expect(areas.usedBytes).toBe(0));
    });
    areas.end();
  });

  it('lose nothing when another handler has its worker ended', async () => {
    await withLive({ maxInstances: 1 }, async (runtime) => {
      await goThrough(runtime, async () => {
        const { error } = await runtime.executeHandler(NATIVE, {}, { timeoutMs: 20, tenant: 'another' });
        expect(error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'watchdog' } });
      });
    });
  });

  it('go on where there is room for few of them', async () => {
    await withLive({ maxLiveBytes: 3 * 512 * 1024 }, (runtime) => goThrough(runtime, async () => {}));
  });

  it('end with an error that says so if their own segment was executed, or are executed again from their checkpoint', async () => {
    const code = 'const n = await $ext.a.ask(0, 0); for (;;) globalThis.n = n';
    for (const retryOnCrash of [false, true]) {
      await withLive({ maxInstances: 1, retryOnCrash }, async (runtime) => {
        const { waiting, asked, extensions, letGo } = gate();
        const { signal, abort } = abortable();
        const run = runtime.run(code, ANYTHING, { extensions, signal, timeoutMs: 60_000 });
        await eventually(() => expect(waiting).toHaveLength(1));
        letGo();
        await workersExecute();
        const ended = retryOnCrash ? undefined : rejection(run);
        await Promise.all(threads.map((thread) => thread.terminate()));
        if (retryOnCrash) {
          await workersExecute();
          abort();
          expect((await run).error).toMatchObject({ code: 'CANCELLED' });
        } else expect(await ended).toMatchObject({ code: 'INTERNAL_ERROR' });
        expect([...asked.values()]).toEqual([1]);
      });
    }
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe('runs that wait and are called off', () => {
  it('release their areas: cancelled, too late, or at a shutdown', async () => {
    const areas = watchAreas();
    await withLive({}, async (runtime) => {
      const { waiting, extensions } = gate();
      const controller = new AbortController();
      const context = { ...ANYTHING, args: { n: 1 } };
      const cancelled = runtime.run(WAITS, context, { extensions, signal: controller.signal });
      const late = runtime.run(WAITS, context, { extensions, deadlineMs: 3_000 });
      const closed = runtime.run(WAITS, context, { extensions });
      await eventually(() => expect(waiting).toHaveLength(3));
      expect(areas.usedBytes).toBe(3 * 512 * 1024);
      controller.abort('enough');
      expect((await cancelled).error).toMatchObject({ code: 'CANCELLED' });
      expect((await late).error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'deadline' } });
      await eventually(() => expect(areas.usedBytes).toBe(512 * 1024));
      await runtime.shutdown({ drainTimeoutMs: 0 });
      expect((await closed).error).toMatchObject({ code: 'CANCELLED' });
      expect(areas.usedBytes).toBe(0);
    });
    areas.end();
  });
});

describe('a segment of a run', () => {
  it('has its own time: waiting does not count', async () => {
    await withLive({ maxInstances: 1 }, async (runtime) => {
      const extensions = { a: { ask: () => new Promise((resolve) => setTimeout(() => resolve(1), 60)) } };
      const options = { extensions, timeoutMs: 5_000, deadlineMs: 60_000 };
      const result = await runtime.run(WAITS, { ...ANYTHING, args: { n: 0 } }, options);
      expect(result.returnValue).toBe(3);
      expect(result.metrics.durationUs).toBeLessThan(result.metrics.suspendedTimeUs ?? 0);
    });
  });
});
