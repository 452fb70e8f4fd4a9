import { describe, expect, it } from 'vitest';

import { ENDLESS, NATIVE, withRuntime, workersExecute } from '../support/runtime-helpers.js';

describe('warming up', () => {
  it('ends although the worker that was to learn the handler is ended', () =>
    withRuntime({ maxInstances: 1, killGraceMs: 30 }, async (runtime) => {
      await runtime.warmup([NATIVE]);
      const call = runtime.executeHandler(NATIVE, {}, 60);
      await workersExecute();
      expect((await runtime.warmup(['return 1'])).failures).toEqual([]);
      expect((await call).error?.code).toBe('TIMEOUT');
    }));

  it('keeps the workers that are up until the last one is', () =>
    withRuntime({ maxInstances: 4, idleTimeoutMs: 1 }, async (runtime) => {
      expect((await runtime.warmup([], { instances: 4 })).instances).toBe(4);
    }));
});

describe('the time of a call', () => {
  it('is over for one that lies in a batch behind another, too', () =>
    withRuntime({ maxInstances: 1, killGraceMs: 30, maxQueue: 1_000 }, async (runtime) => {
      const source = 'if ($args < 0) for (;;) ; return $args';
      await runtime.warmup([source]);
      for (let i = 0; i < 3; i++) {
        await Promise.all(Array.from({ length: 64 }, (_, n) => runtime.executeHandler(source, { args: n })));
      }
      // The first is alone; the second is the first of a batch, and the third lies behind it.
      const calls = [1, -1, 2, 3].map((args) =>
        runtime.executeHandler(source, { args }, args === 2 ? { deadlineMs: 100 } : { timeoutMs: 400 }),
      );
      const [, endless, late, other] = await Promise.all(calls);
      expect(endless?.error?.context).toMatchObject({ limit: 'timeoutMs' });
      expect(late?.error?.context).toMatchObject({ limit: 'deadlineMs', layer: 'queue' });
      expect(other?.returnValue).toBe(3);
      expect(runtime.getStats().retirements).toEqual({});
    }));

  it('the time of a call that never began counts as waiting, not as executing', () =>
    withRuntime({ maxInstances: 1, killGraceMs: 30 }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const running = runtime.executeHandler(ENDLESS, {}, 200);
      const { metrics } = await runtime.executeHandler('return 1', {}, { deadlineMs: 50 });
      expect(metrics).toMatchObject({ durationUs: 0 });
      expect(metrics.queueTimeUs).toBeGreaterThan(0);
      await running;
      const text = await runtime.getPrometheusMetrics();
      expect(text).toContain('nexus_handler_duration_seconds_count 1');
      expect(text).toContain('nexus_handler_executions_total{status="error"} 2');
    }));
});

it('calls that share a signal, with deadlines, warn of nothing', () =>
  withRuntime({ maxInstances: 1 }, async (runtime) => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 40 }, () => runtime.executeHandler('return 1', {}, { signal, deadlineMs: 20_000 })),
    );
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  }));

it('a tenant with many new handlers does not hold up the new handler of another', () =>
  withRuntime({ maxInstances: 2, maxQueue: 400, maxQueuePerTenant: 20 }, async (runtime) => {
    await runtime.warmup();
    const large = (n: number) =>
      `${Array.from({ length: 2_000 }, (_, i) => `const v${i} = ${i + n};`).join('')} return v7`;
    let noisyDone = 0;
    const noisy = Array.from({ length: 100 }, (_, n) =>
      runtime.executeHandler(large(n), {}, { tenant: 'noisy' }).then(
        () => {
          noisyDone++;
        },
        (error: { code: string }) => error.code,
      ),
    );
    const quiet = await runtime.executeHandler('return "new"', {}, { tenant: 'quiet' });
    expect(quiet.returnValue).toBe('new');
    expect(noisyDone).toBeLessThan(20);
    const codes = (await Promise.all(noisy)).filter((code) => code !== undefined);
    expect(codes.length).toBeGreaterThan(50);
    expect(new Set(codes)).toEqual(new Set(['POOL_SATURATED']));
  }));
