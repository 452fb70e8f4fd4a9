import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRuntime, type RuntimeOptions } from '#src/index.js';

import { eventually, NATIVE, rejection, withRuntime } from '../support/runtime-helpers.js';

const MIB = 1024 * 1024;

afterEach(() => {
  vi.useRealTimers();
});

describe('an instance', () => {
  const ONE_WORKER = { maxInstances: 1, killGraceMs: 60 };

  it.each([
    ['out_of_memory', 'const a = []; for (;;) a.push(new Array(1e4).fill(0))', {}],
    ['grown', 'const a = []; for (let i = 0; i < 220; i++) a.push(new ArrayBuffer(1e5)); return a.length', {}],
    ['watchdog', NATIVE, { timeoutMs: 40 }],
  ])('is given up when it is %s, which is counted', (reason, source, options) =>
    withRuntime(ONE_WORKER, async (runtime) => {
      await runtime.executeHandler(source, {}, options);
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
      expect(runtime.getStats().retirements).toEqual({ [reason]: 1 });
      const text = await runtime.getPrometheusMetrics();
      expect(text).toContain(`nexus_pool_instances_retired_total{reason="${reason}"} 1`);
    }));

  it('is taken in another size for an execution with another limit', () =>
    withRuntime({ ...ONE_WORKER, memoryLimitBytes: 64 * MIB }, async (runtime) => {
      const grow = 'const a = []; for (let i = 0; i < 50; i++) a.push(new ArrayBuffer(1e5)); return a.length';
      expect((await runtime.executeHandler(grow)).returnValue).toBe(50);
      const limits = { memoryLimitBytes: 4 * MIB };
      expect((await runtime.executeHandler('return 1', {}, { limits })).returnValue).toBe(1);
      expect(runtime.getStats().retirements).toEqual({ resized: 1 });
    }));

  it('counts each layer that stops an execution by itself', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      const jobs = 'const again = () => Promise.resolve().then(again); await again()';
      await runtime.executeHandler('for (;;) ;', {}, 30);
      await runtime.executeHandler(jobs, {}, 30);
      await runtime.executeHandler(NATIVE, {}, 30);
      const { kills } = runtime.getStats();
      expect(kills).toMatchObject({ watchdog: 1 });
      expect(kills.interrupt + kills.jobs).toBe(2);
      expect(kills.interrupt).toBeGreaterThan(0);
      const text = await runtime.getPrometheusMetrics();
      expect(text).toContain('nexus_handler_kills_total{layer="watchdog"} 1');
    }));

  it('an instance above minInstances ends when it has idled for idleTimeoutMs, and comes again', () =>
    withRuntime({ maxInstances: 2, idleTimeoutMs: 50 }, async (runtime) => {
      const burst = async () => {
        const calls = [1, 2].map((n) =>
          runtime.executeHandler('for (let i = 0; i < 4e6; i++); return $args', { args: n }),
        );
        expect((await Promise.all(calls)).map(({ returnValue }) => returnValue)).toEqual([1, 2]);
      };
      for (let times = 1; times <= 2; times++) {
        await burst();
        await eventually(() => {
          const { availableInstances, startingInstances } = runtime.getStats();
          expect({ availableInstances, startingInstances }).toEqual({ availableInstances: 1, startingInstances: 0 });
        });
        expect(runtime.getStats().retirements).toEqual({ idle: times });
      }
    }));
});

describe('warmup', () => {
  it('brings workers up and handlers into them', () =>
    withRuntime({ maxInstances: 3, idleTimeoutMs: 60_000 }, async (runtime) => {
      const artifact = await runtime.precompileHandler('return 3');
      const handlers = ['return 1', { code: 'return 2', filename: 'two.js' }, artifact, 'return )'];
      const report = await runtime.warmup(handlers, { instances: 3 });
      expect(report).toMatchObject({
        instances: 3,
        loaded: 3,
        failures: [{ index: 3, error: { code: 'COMPILATION_ERROR' } }],
      });
      expect(runtime.getStats()).toMatchObject({ availableInstances: 3, activeInstances: 0, startingInstances: 0 });
      const { compilations } = runtime.getStats().cache;
      expect((await runtime.executeHandler('return 2', {}, { filename: 'two.js' })).returnValue).toBe(2);
      expect((await runtime.executeCompiledHandler(artifact)).returnValue).toBe(3);
      expect(runtime.getStats().cache.compilations).toBe(compilations);
    }));

  it('goes on while handlers execute', () =>
    withRuntime({ maxInstances: 2 }, async (runtime) => {
      const calls = Array.from({ length: 50 }, (_, n) => runtime.executeHandler('return $args', { args: n }));
      expect(await runtime.warmup(['return 1', 'return 2'])).toMatchObject({ loaded: 2, failures: [] });
      expect((await Promise.all(calls)).map(({ returnValue }) => returnValue)).toEqual([...calls.keys()]);
    }));

  it.each([
    [['return 1'], { instances: 0 }, 'options.instances'],
    [['return 1'], { instances: 3 }, 'options.instances'],
    ['return 1', {}, 'handlers'],
    [[7], {}, 'handlers[0]'],
  ])('warmup of %j with %j: INVALID_ARGUMENT', (handlers, options, field) =>
    withRuntime({ maxInstances: 2 }, async (runtime) => {
      const error = await rejection(runtime.warmup(handlers as string[], options));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { field } });
    }));
});

describe('bad options of a pool', () => {
  it.each<[RuntimeOptions, string]>([
    [{ maxInstances: 0 }, 'maxInstances'],
    [{ maxInstances: 10_000 }, 'maxInstances'],
    [{ maxInstances: 2, minInstances: 3 }, 'minInstances'],
    [{ maxInstances: 2, maxInstancesPerTenant: 3 }, 'maxInstancesPerTenant'],
    [{ maxQueue: 5, maxQueuePerTenant: 6 }, 'maxQueuePerTenant'],
    [{ queueTimeoutMs: 0 }, 'queueTimeoutMs'],
    [{ retryOnCrash: 'yes' as unknown as boolean }, 'retryOnCrash'],
    [{ memoryLimitBytes: 16 * MIB, maxContextBytes: 17 * MIB }, 'maxContextBytes'],
    [{ memoryLimitBytes: 16 * MIB, maxResultBytes: 17 * MIB }, 'maxResultBytes'],
  ])('%j: INVALID_CONFIG at once', async (options, option) => {
    const error = await rejection(createRuntime({ cacheDir: false, ...options }));
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', context: { option } });
  });
});

describe('shutdown', () => {
  it('refuses every call after it', async () => {
    const runtime = await createRuntime({ cacheDir: false });
    const artifact = await runtime.precompileHandler('return 1');
    await runtime.shutdown();
    const calls = {
      executeHandler: runtime.executeHandler('return 1'),
      precompileHandler: runtime.precompileHandler('return 1'),
      executeCompiledHandler: runtime.executeCompiledHandler(artifact),
      resumeHandler: runtime.resumeHandler('x.1', { success: true, value: 1 }),
      cancelSuspension: runtime.cancelSuspension('x.1'),
      inspectSuspension: runtime.inspectSuspension('x.1'),
      run: runtime.run('return 1'),
      precompileAll: runtime.precompileAll(['return 1']),
      warmup: runtime.warmup(),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect([name, await rejection(call)]).toMatchObject([name, { code: 'RUNTIME_CLOSED' }]);
    }
  });

  it('drains what was accepted, ends once however often it is called, and lets no handler go on', () =>
    withRuntime({ maxInstances: 1, killGraceMs: 60 }, async (runtime) => {
      await runtime.warmup();
      const source = 'let x = 0; for (let i = 0; i < 1e5; i++) x += i; return $args';
      const calls = Array.from({ length: 20 }, (_, n) => runtime.executeHandler(source, { args: n }));
      const first = runtime.shutdown();
      expect(runtime.shutdown()).toBe(first);
      expect((await Promise.all(calls)).map(({ returnValue }) => returnValue)).toEqual([...calls.keys()]);
      await first;
      expect(runtime.getStats()).toMatchObject({ activeInstances: 0, availableInstances: 0, queuedExecutions: 0 });
    }));

  it('ends what does not end after drainTimeoutMs', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
    await runtime.warmup();
    const calls = [NATIVE, 'for (;;) ;', 'for (;;) ;'].map((source) =>
      rejection(runtime.executeHandler(source, {}, 60_000)),
    );
    await runtime.shutdown({ drainTimeoutMs: 50 });
    for (const call of calls) expect(await call).toMatchObject({ code: 'RUNTIME_CLOSED' });
  });

  it('happens by itself at the end of a scope', async () => {
    let runtime: Awaited<ReturnType<typeof createRuntime>>;
    {
      await using scoped = await createRuntime({ cacheDir: false });
      runtime = scoped;
      expect((await scoped.executeHandler('return 1')).returnValue).toBe(1);
    }
    expect(await rejection(runtime.executeHandler('return 1'))).toMatchObject({ code: 'RUNTIME_CLOSED' });
  });
});

it('time in the queue, compiling, executing and suspended are told apart', () =>
  withRuntime({ maxInstances: 1 }, async (runtime) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const source = 'await $ext.a.b(); for (let i = 0; i < 1e5; i++); return 1';
    const first = await runtime.executeHandler(source, { capabilities: ['ext:a.b'] });
    expect(first.metrics.suspendedTimeUs).toBeUndefined();
    expect(first.metrics.compilationTimeUs).toBeGreaterThan(0);
    vi.advanceTimersByTime(30_000);
    const id = first.suspension?.suspensionId ?? '';
    const { metrics } = await runtime.resumeHandler(id, { success: true, value: 0 });
    expect(metrics.suspendedTimeUs).toBe(30_000_000);
    const extensions = { a: { b: () => void vi.advanceTimersByTime(7_000) } };
    const run = await runtime.run(source, { capabilities: ['ext:a.b'] }, { extensions });
    expect(run.metrics.suspendedTimeUs).toBe(7_000_000);
  }));
