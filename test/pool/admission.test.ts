import { describe, expect, it } from 'vitest';

import { ENDLESS, rejection, withRuntime } from '../support/runtime-helpers.js';

const ONE_WORKER = { maxInstances: 1, killGraceMs: 100 };

describe('a pool that has too much to do', () => {
  it('says how many wait, and for how long the next one would', () =>
    withRuntime({ ...ONE_WORKER, maxQueue: 3 }, async (runtime) => {
      await runtime.executeHandler('for (let i = 0; i < 1e6; i++); return 1');
      await runtime.warmup(['return 1']);
      const running = runtime.executeHandler(ENDLESS, {}, 300);
      await runtime.warmup([]);
      const waiting = [1, 2, 3].map(() => runtime.executeHandler('return 1'));
      await Promise.resolve();
      const error = await rejection(runtime.executeHandler('return 1'));
      expect(error).toMatchObject({ code: 'POOL_SATURATED', retryable: true, fault: 'host' });
      expect(error).toMatchObject({ context: { limit: 'maxQueue', queued: 3, maxQueue: 3 } });
      expect((error as { context: { estimatedWaitMs: number } }).context.estimatedWaitMs).toBeGreaterThan(0);
      expect((await running).error?.code).toBe('TIMEOUT');
      expect((await Promise.all(waiting)).map(({ returnValue }) => returnValue)).toEqual([1, 1, 1]);
    }));

  it('lets no execution wait longer than queueTimeoutMs, and one call say another time', () =>
    withRuntime({ ...ONE_WORKER, queueTimeoutMs: 30 }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const running = runtime.executeHandler(ENDLESS, {}, 400);
      const short = rejection(runtime.executeHandler('return 1'));
      const long = runtime.executeHandler('return 1', {}, { queueTimeoutMs: 10_000 });
      expect(await short).toMatchObject({
        code: 'POOL_SATURATED',
        context: { limit: 'queueTimeoutMs', value: 30, queued: 2 },
      });
      expect((await long).returnValue).toBe(1);
      expect((await running).error?.code).toBe('TIMEOUT');
      expect(runtime.getStats().queuedExecutions).toBe(0);
    }));

  it('lets a tenant have so many waiting, and the others theirs', () =>
    withRuntime({ ...ONE_WORKER, maxQueue: 10, maxQueuePerTenant: 2 }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const running = runtime.executeHandler(ENDLESS, {}, 300);
      const call = (tenant: string) => runtime.executeHandler('return 1', {}, { tenant });
      const accepted = [call('a'), call('a'), call('b')];
      expect(await rejection(call('a'))).toMatchObject({
        code: 'POOL_SATURATED',
        message: expect.stringContaining('2 executions of tenant "a"'),
        context: { limit: 'maxQueuePerTenant', tenant: 'a', queuedOfTenant: 2, maxQueuePerTenant: 2, queued: 3 },
      });
      expect((await Promise.all(accepted)).every(({ returnValue }) => returnValue === 1)).toBe(true);
      await running;
    }));
});

describe('tenants', () => {
  it('take turns: who comes late with little does not wait for all of another', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      const source = 'let x = 0; for (let i = 0; i < 3e5; i++) x += i; return $args';
      await runtime.warmup([source]);
      const order: string[] = [];
      const call = async (tenant: string) => {
        await runtime.executeHandler(source, {}, { tenant });
        order.push(tenant);
      };
      const calls = [...Array.from({ length: 12 }, () => call('many')), call('few'), call('few')];
      await Promise.all(calls);
      // The one that was begun at once, and in turns from then on.
      expect(order.slice(0, 5)).toEqual(['many', 'many', 'few', 'many', 'few']);
    }));

  it('never have all of several workers', () =>
    withRuntime({ maxInstances: 2, minInstances: 2, killGraceMs: 100 }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const stop = new AbortController();
      const hogs = Array.from({ length: 3 }, () =>
        runtime.executeHandler(ENDLESS, {}, { tenant: 'a', timeoutMs: 60_000, signal: stop.signal }),
      );
      for (let i = 0; i < 20; i++) {
        expect((await runtime.executeHandler('return 1', {}, { tenant: 'b' })).returnValue).toBe(1);
      }
      expect(runtime.getStats()).toMatchObject({ activeInstances: 1, queuedExecutions: 2 });
      stop.abort();
      for (const { error } of await Promise.all(hogs)) expect(error?.code).toBe('CANCELLED');
    }));

  it('may have all of them if they are meant to', () =>
    withRuntime({ maxInstances: 2, minInstances: 2, maxInstancesPerTenant: 2, killGraceMs: 100 }, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const hogs = [1, 2].map(() => runtime.executeHandler(ENDLESS, {}, { tenant: 'a', timeoutMs: 200 }));
      await new Promise(setImmediate);
      expect(runtime.getStats().activeInstances).toBe(2);
      await Promise.all(hogs);
    }));
});

describe('bad options of a call', () => {
  it.each([
    [{ tenant: '' }, 'tenant'],
    [{ tenant: 7 }, 'tenant'],
    [{ deadlineMs: 0 }, 'deadlineMs'],
    [{ deadlineMs: 1.5 }, 'deadlineMs'],
    [{ queueTimeoutMs: -1 }, 'queueTimeoutMs'],
    [{ queueTimeoutMs: Number.POSITIVE_INFINITY }, 'queueTimeoutMs'],
  ])('%j: INVALID_ARGUMENT', (options, field) =>
    withRuntime(ONE_WORKER, async (runtime) => {
      const error = await rejection(runtime.executeHandler('return 1', {}, options as object));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { field } });
    }));
});
