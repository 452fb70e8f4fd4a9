import { describe, expect, it } from 'vitest';

import { ENDLESS, eventually, NATIVE, withRuntime, workersExecute } from '../support/runtime-helpers.js';

const TWO_WORKERS = { maxInstances: 2, minInstances: 2, killGraceMs: 60 };
const STATE = { capabilities: ['state:write:*'] } as const;

describe('cancelling', () => {
  it('an execution that polls leaves its worker alive', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const controller = new AbortController();
      const call = runtime.executeHandler(ENDLESS, {}, { signal: controller.signal });
      await workersExecute();
      controller.abort(new Error('the user left'));
      const { error, metrics } = await call;
      expect(error).toMatchObject({ code: 'CANCELLED', context: { reason: 'the user left' } });
      expect(metrics.durationUs).toBeGreaterThan(0);
      await eventually(() => expect(runtime.getStats().availableInstances).toBe(2));
      expect(runtime.getStats().retirements).toEqual({});
    }));

  it('an execution that does not poll ends its worker when it is cancelled, and the call does not wait for that', () =>
    withRuntime({ ...TWO_WORKERS, killGraceMs: 5_000 }, async (runtime) => {
      await runtime.warmup([NATIVE]);
      const controller = new AbortController();
      const call = runtime.executeHandler(NATIVE, {}, { signal: controller.signal });
      await workersExecute();
      controller.abort();
      expect((await call).error?.code).toBe('CANCELLED');
      // Its worker has the grace to come back.
      expect(runtime.getStats()).toMatchObject({ activeInstances: 1, retirements: {} });
    }));

  it('a worker that does not come back is ended after the grace, and another one is there', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      await runtime.warmup([NATIVE]);
      const controller = new AbortController();
      const call = runtime.executeHandler(NATIVE, {}, { signal: controller.signal });
      await workersExecute();
      controller.abort();
      await call;
      await eventually(() => expect(runtime.getStats().retirements).toEqual({ cancelled: 1 }));
      await eventually(() => expect(runtime.getStats().availableInstances).toBe(2));
    }));

  it('an execution that waits is taken out of the queue when it is cancelled', () =>
    withRuntime({ maxInstances: 1, killGraceMs: 60 }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const running = runtime.executeHandler(ENDLESS, {}, 300);
      const controller = new AbortController();
      const waiting = runtime.executeHandler('return 1', {}, { signal: controller.signal });
      await new Promise(setImmediate);
      expect(runtime.getStats().queuedExecutions).toBe(1);
      controller.abort('no longer');
      expect((await waiting).error).toMatchObject({ code: 'CANCELLED', context: { reason: 'no longer' } });
      expect(runtime.getStats()).toMatchObject({ queuedExecutions: 0, activeInstances: 1 });
      expect((await running).error?.code).toBe('TIMEOUT');
    }));

  it('a signal cancels all executions that have it, and none of the others', () =>
    withRuntime({ maxInstances: 2, maxQueue: 200 }, async (runtime) => {
      const source = 'let x = 0; for (let i = 0; i < 2e4; i++) x += i; return $args';
      await runtime.warmup([source]);
      for (let i = 0; i < 5; i++) await runtime.executeHandler(source, { args: i });
      const controller = new AbortController();
      const calls = Array.from({ length: 100 }, (_, n) =>
        runtime.executeHandler(source, { args: n }, n % 2 === 0 ? {} : { signal: controller.signal }),
      );
      await new Promise(setImmediate);
      controller.abort();
      const results = await Promise.all(calls);
      for (const [n, { returnValue, error }] of results.entries()) {
        if (n % 2 === 0) expect(returnValue).toBe(n);
        else expect(error?.code ?? returnValue).toSatisfy((end) => end === 'CANCELLED' || end === n);
      }
      expect(results.some(({ error }) => error?.code === 'CANCELLED')).toBe(true);
      expect(runtime.getStats().retirements.crashed).toBeUndefined();
    }));
});

describe('deadlineMs', () => {
  const DEADLINE_MS = 60;
  const late = (layer: unknown) => ({
    code: 'TIMEOUT',
    message: expect.stringContaining(`deadlineMs (${DEADLINE_MS} ms)`),
    context: { limit: 'deadlineMs', value: DEADLINE_MS, layer },
  });

  it('ends an execution, with its effects so far', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      const source = `$state.begun = true; ${ENDLESS}`;
      await runtime.warmup([source]);
      const { error, stateMutations } = await runtime.executeHandler(source, STATE, { deadlineMs: DEADLINE_MS });
      expect(error).toMatchObject(late('interrupt'));
      expect(stateMutations).toEqual([{ operation: 'set', key: 'begun', value: true }]);
    }));

  it('ends what does not poll by its worker', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      await runtime.warmup([NATIVE]);
      const { error } = await runtime.executeHandler(NATIVE, {}, { deadlineMs: DEADLINE_MS });
      expect(error).toMatchObject(late('watchdog'));
      expect(runtime.getStats()).toMatchObject({ kills: { watchdog: 1 }, retirements: { watchdog: 1 } });
    }));

  it('ends what waits for a worker', () =>
    withRuntime({ maxInstances: 1 }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const running = runtime.executeHandler(ENDLESS, {}, 400);
      const { error } = await runtime.executeHandler('return 1', {}, { deadlineMs: DEADLINE_MS });
      expect(error).toMatchObject(late('queue'));
      expect(runtime.getStats()).toMatchObject({ queuedExecutions: 0, kills: { interrupt: 0, jobs: 0, watchdog: 0 } });
      await running;
    }));

  it('ends what compiles', () =>
    withRuntime({ maxInstances: 1 }, async (runtime) => {
      await runtime.warmup();
      const slow = `${Array.from({ length: 12_000 }, (_, i) => `let v${i} = ${i};`).join('')}return v1`;
      const { error } = await runtime.executeHandler(slow, {}, { deadlineMs: DEADLINE_MS });
      expect(error).toMatchObject(late('compile'));
    }));

  it('leaves alone what is quick', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      const calls = Array.from({ length: 50 }, (_, n) =>
        runtime.executeHandler('return $args', { args: n }, { deadlineMs: 20_000 }),
      );
      expect((await Promise.all(calls)).map(({ returnValue }) => returnValue)).toEqual([...calls.keys()]);
    }));

  it('counts for what is resumed, too', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      const source = `await $ext.a.b(); ${ENDLESS}`;
      const { suspension } = await runtime.executeHandler(source, { capabilities: ['ext:a.b'] });
      const answer = { success: true, value: 1 } as const;
      const { error } = await runtime.resumeHandler(suspension?.suspensionId ?? '', answer, {
        deadlineMs: DEADLINE_MS,
      });
      // Which of them it is depends on where the time is over.
      expect(error).toMatchObject(late(expect.stringMatching(/^(interrupt|jobs)$/)));
    }));
});

describe('a batch', () => {
  /** Known to be quick, until it is told to go on for ever. */
  const SOURCE = 'if ($args < 0) for (;;) ; return $args';

  it('a batch does not wait for the request in it that takes long', () =>
    withRuntime({ ...TWO_WORKERS, maxQueue: 1_000 }, async (runtime) => {
      await runtime.warmup([SOURCE]);
      for (let round = 0; round < 3; round++) {
        await Promise.all(Array.from({ length: 64 }, (_, n) => runtime.executeHandler(SOURCE, { args: n })));
      }
      const ends: number[] = [];
      const calls = Array.from({ length: 64 }, async (_, n) => {
        const args = n === 40 ? -1 : n;
        const result = await runtime.executeHandler(SOURCE, { args }, 1_500);
        ends.push(args);
        return result;
      });
      const results = await Promise.all(calls);
      expect(ends.at(-1)).toBe(-1);
      expect(results[40]?.error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'interrupt' } });
      expect(results.filter(({ returnValue }, n) => returnValue === n)).toHaveLength(63);
    }));

  it('a batch loses only the request that ends its worker', () =>
    withRuntime({ maxInstances: 1, killGraceMs: 60, maxQueue: 1_000 }, async (runtime) => {
      const source = `if ($args < 0) ${NATIVE}; return $args`;
      await runtime.warmup([source]);
      await Promise.all(Array.from({ length: 64 }, (_, n) => runtime.executeHandler(source, { args: n })));
      const calls = Array.from({ length: 40 }, (_, n) =>
        runtime.executeHandler(source, { args: n === 11 || n === 12 ? -1 : n }, 100),
      );
      const results = await Promise.all(calls);
      for (const [n, { returnValue, error }] of results.entries()) {
        if (n === 11 || n === 12) expect(error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'watchdog' } });
        else expect(returnValue).toBe(n);
      }
      expect(runtime.getStats()).toMatchObject({ kills: { watchdog: 2 }, retirements: { watchdog: 2 } });
    }));
});
