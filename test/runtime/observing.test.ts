import { describe, expect, it } from 'vitest';

import { ENDLESS, eventually, withRuntime } from '../support/runtime-helpers.js';

describe('getWorkers', () => {
  it('tells what each worker executes, for whom, and that the others are idle', async () => {
    await withRuntime({ minInstances: 2, maxInstances: 2 }, async (runtime) => {
      const controller = new AbortController();
      const context = { handlerName: 'report' };
      const options = { tenant: 'acme', timeoutMs: 60_000, signal: controller.signal };
      const executing = runtime.executeHandler(ENDLESS, context, options);
      await eventually(() => {
        const busy = runtime.getWorkers().find(({ state }) => state === 'executing');
        expect(busy).toMatchObject({ handlerName: 'report', tenant: 'acme', runningMs: expect.any(Number) });
      });
      const workers = runtime.getWorkers();
      expect(workers).toHaveLength(2);
      expect(new Set(workers.map(({ id }) => id)).size).toBe(2);
      controller.abort();
      await executing;
      await eventually(() => expect(runtime.getWorkers().map(({ state }) => state)).toEqual(['idle', 'idle']));
      expect(runtime.getWorkers()[0]).not.toHaveProperty('handlerName');
    });
  });

  it('names neither handler nor tenant of a caller who named none', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const controller = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { timeoutMs: 60_000, signal: controller.signal });
      await eventually(() => expect(runtime.getWorkers()[0]?.state).toBe('executing'));
      expect(Object.keys(runtime.getWorkers()[0] ?? {})).not.toEqual(expect.arrayContaining(['handlerName']));
      expect(Object.keys(runtime.getWorkers()[0] ?? {})).not.toEqual(expect.arrayContaining(['tenant']));
      controller.abort();
      await executing;
    });
  });
});

describe('getRecentErrors', () => {
  it('counts errors of one kind together, and tells handlers, tenants and places apart', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const fail = (tenant: string, handlerName = 'h', lines = '\n') =>
        runtime.executeHandler(`${lines}throw new Error('no')`, { handlerName }, { tenant });
      await fail('a');
      await fail('b');
      await fail('a');
      await fail('a', 'other');
      await fail('a', 'h', '\n\n');
      await runtime.executeHandler('return 1');
      const errors = runtime.getRecentErrors();
      expect(
        errors.map(({ tenant, handlerName, count, location }) => [tenant, handlerName, count, location?.line]),
      ).toEqual([
        ['a', 'h', 1, 3],
        ['a', 'other', 1, 2],
        ['a', 'h', 2, 2],
        ['b', 'h', 1, 2],
      ]);
      expect(errors[2]?.snippet).toContain("throw new Error('no')");
      expect(errors[2]?.lastAt.getTime()).toBeGreaterThanOrEqual(errors[2]?.firstAt.getTime() ?? Number.NaN);
    });
  });

  it('keeps the latest fifty kinds, and a part of long texts', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      for (let kind = 0; kind < 60; kind++) await runtime.executeHandler(`throw new Error('kind ${kind}')`);
      await runtime.executeHandler('throw new Error("x".repeat(100000))', { handlerName: 'n'.repeat(5_000) });
      const errors = runtime.getRecentErrors();
      expect(errors).toHaveLength(50);
      expect(errors[0]?.message.length).toBe(1_000);
      expect(errors[0]?.handlerName?.length).toBeLessThanOrEqual(200);
      expect(errors.at(-1)?.message).toContain('kind 11');
      expect(JSON.stringify(errors).length).toBeLessThan(50 * 4_000);
    });
  });
});

describe('getStats', () => {
  it('has each execution in the bucket of its time', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      for (let i = 0; i < 5; i++) await runtime.executeHandler('return 1');
      await runtime.executeHandler(ENDLESS, {}, { timeoutMs: 120 });
      const { boundsUs, counts } = runtime.getStats().executionTimes;
      expect(counts).toHaveLength(boundsUs.length + 1);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
      const slow = boundsUs.findIndex((bound) => bound >= 120_000);
      expect(counts.slice(slow).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
    });
  });
});
