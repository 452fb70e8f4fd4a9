import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createRuntime, HandlerCompiler, type NexusRuntime } from '#src/index.js';

import { terminateThreads } from '../faults/lib/threads.mjs';
import { ENDLESS, rejection, withRuntime, workersExecute } from '../support/runtime-helpers.js';
import { parsed, seriesOf } from './exposition.js';

const directory = await mkdtemp(join(tmpdir(), 'nexus-counting-'));
afterAll(() => rm(directory, { recursive: true, force: true }));

const ONE_WORKER = { maxInstances: 1, killGraceMs: 60 };
const WAITING = { capabilities: ['ext:a.b'] } as const;
const ANSWER = { success: true, value: 1 } as const;

async function suspend(runtime: NexusRuntime, source = 'return await $ext.a.b()'): Promise<string> {
  return (await runtime.executeHandler(source, WAITING)).suspension?.suspensionId ?? '';
}

describe('a run', () => {
  it('a run whose deadline ends it in the VM counts as TIMEOUT, once', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const { error } = await runtime.run(ENDLESS, {}, { deadlineMs: 60 });
      expect(error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'deadlineMs' } });
      expect(runtime.getStats()).toMatchObject({ totalExecutions: 1, errors: { TIMEOUT: 1 } });
    }));

  it('a run that is called off while it waits counts as TIMEOUT, too', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      const extensions = { a: { b: () => new Promise(() => {}) } };
      const { error } = await runtime.run('return await $ext.a.b()', WAITING, { extensions, deadlineMs: 60 });
      expect(error?.code).toBe('TIMEOUT');
      expect(runtime.getStats()).toMatchObject({ totalExecutions: 1, errors: { TIMEOUT: 1 } });
    }));
});

describe('a resume', () => {
  it('a resume whose deadline is over before it began leaves the handler as it was', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      const id = await suspend(runtime);
      await runtime.warmup([ENDLESS]);
      const running = runtime.executeHandler(ENDLESS, {}, 300);
      const late = await runtime.resumeHandler(id, ANSWER, { deadlineMs: 50 });
      expect(late.error?.context).toMatchObject({ limit: 'deadlineMs', layer: 'queue' });
      await running;
      expect((await runtime.resumeHandler(id, ANSWER)).returnValue).toBe(1);
    }));

  it('a resume that is called off meanwhile counts as what it was, not as what was recorded', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      const id = await suspend(runtime, `await $ext.a.b(); ${ENDLESS}`);
      const resumed = runtime.resumeHandler(id, ANSWER, { timeoutMs: 200 });
      await workersExecute();
      expect(await runtime.cancelSuspension(id)).toBe(true);
      expect((await resumed).error?.code).toBe('CANCELLED');
      const series = seriesOf(await runtime.getPrometheusMetrics());
      expect(runtime.getStats().errors).toEqual({ TIMEOUT: 1 });
      expect(series.get('nexus_resume_duration_seconds_count')).toBe(0);
      expect(series.get('nexus_handler_duration_seconds_sum')).toBeGreaterThan(0.15);
    }));

  it('a suspension that is resumed elsewhere is no longer active here, once this process hears of it', async () => {
    const options = { cacheDir: false, maxInstances: 1, suspensionDir: join(directory, 'shared') } as const;
    const [here, there] = await Promise.all([createRuntime(options), createRuntime(options)]);
    try {
      const id = await suspend(here);
      expect(here.getStats().suspendedExecutions).toBe(1);
      await there.resumeHandler(id, ANSWER);
      expect((await here.resumeHandler(id, ANSWER)).returnValue).toBe(1);
      expect(here.getStats().suspendedExecutions).toBe(0);
    } finally {
      await Promise.all([here.shutdown(), there.shutdown()]);
    }
  });
});

describe('a shared registry', () => {
  it('a shared registry in the format of OpenMetrics has each counter once', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    for (let i = 0; i < 2; i++) {
      const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: { registry } });
      await runtime.executeHandler('return 1');
      const text = await runtime.getPrometheusMetrics();
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith('nexus_handler_executions_total{status="success"}'));
      expect(lines).toEqual([`nexus_handler_executions_total{status="success"} ${i + 1}`]);
      await runtime.shutdown();
    }
  });

  it('takes labels for the same in whichever order', async () => {
    const registry = new Registry();
    for (const defaultLabels of [
      { x: '1', y: '2' },
      { y: '2', x: '1' },
    ] as Record<string, string>[]) {
      await withRuntime({ maxInstances: 1, metrics: { registry, defaultLabels } }, (runtime) =>
        runtime.executeHandler('return 1'),
      );
    }
    const successes = [...seriesOf(await registry.metrics())].filter(([key]) => key.includes('status="success"'));
    expect(successes).toEqual([[expect.stringContaining('x="1",y="2"'), 2]]);
  });

  it('keeps what ended runtimes counted, and nothing of what they had', async () => {
    const registry = new Registry();
    for (let i = 0; i < 3; i++) {
      await withRuntime({ maxInstances: 1, metrics: { registry } }, (runtime) => runtime.executeHandler('return 1'));
    }
    const series = seriesOf(await registry.metrics());
    expect(series.get('nexus_handler_executions_total{status="success"}')).toBe(3);
    expect([...series.keys()].filter((key) => /cache_size|hit_rate|pool_instances\{/.test(key))).toEqual([]);
  });
});

it('each code that a call can be rejected with is counted by it, in both views', async () => {
  const options = { ...ONE_WORKER, cacheDir: false, maxQueue: 1, suspensionDir: join(directory, 'codes') } as const;
  const other = await createRuntime({ ...options, suspensionSecret: 'the secret of somebody else' });
  const foreign = await suspend(other);
  await other.shutdown();
  const runtime = await createRuntime({ ...options, suspensionTtlMs: 500 });
  await runtime.warmup([ENDLESS, 'return 1']);
  vi.useFakeTimers({ toFake: ['Date'] });
  const expired = await suspend(runtime);
  vi.advanceTimersByTime(1_000);

  const codes: string[] = [];
  const reject = async (call: Promise<unknown>) => {
    codes.push(((await rejection(call)) as { code: string }).code);
  };
  await reject(runtime.executeHandler('return 1', {}, -1));
  await reject(runtime.executeHandler('return 1', { args: () => {} }));
  await reject(runtime.executeCompiledHandler(new Uint8Array(9)));
  await reject(runtime.resumeHandler('unknown', ANSWER));
  await reject(runtime.resumeHandler(expired, ANSWER));
  vi.useRealTimers();
  await reject(runtime.resumeHandler(foreign, ANSWER));
  const crowd = [1, 2, 3].map(() => runtime.executeHandler(ENDLESS, {}, 100));
  await reject(crowd[2] ?? Promise.resolve());
  await Promise.all(crowd.slice(0, 2));
  const running = runtime.executeHandler(ENDLESS);
  await workersExecute();
  await terminateThreads();
  await reject(running);
  await runtime.shutdown();
  await reject(runtime.executeHandler('return 1'));

  expect(codes).toEqual([
    'INVALID_ARGUMENT',
    'SERIALIZATION_ERROR',
    'INVALID_ARTIFACT',
    'SUSPENSION_NOT_FOUND',
    'SUSPENSION_EXPIRED',
    'SUSPENSION_INCOMPATIBLE',
    'POOL_SATURATED',
    'INTERNAL_ERROR',
    'RUNTIME_CLOSED',
  ]);
  const series = seriesOf(await runtime.getPrometheusMetrics());
  const { errors } = runtime.getStats();
  expect(errors).toEqual({ ...Object.fromEntries(codes.map((code) => [code, 1])), TIMEOUT: 2 });
  for (const [code, count] of Object.entries(errors)) {
    expect([code, series.get(`nexus_handler_errors_total{code="${code}"}`)]).toEqual([code, count]);
  }
});

it('what is counted after the end is counted in both views', async () => {
  const runtime = await createRuntime({ cacheDir: false });
  await runtime.shutdown();
  await rejection(runtime.executeHandler('return 1'));
  expect(runtime.getStats().errors).toEqual({ RUNTIME_CLOSED: 1 });
  const series = seriesOf(await runtime.getPrometheusMetrics());
  expect(series.get('nexus_handler_errors_total{code="RUNTIME_CLOSED"}')).toBe(1);
});

it('names of handlers with line breaks stay apart', () =>
  withRuntime({ maxInstances: 1, metrics: { handlerLabel: true } }, async (runtime) => {
    for (const handlerName of ['a\nb', 'a\nc', 'a']) await runtime.executeHandler('return 1', { handlerName });
    const text = await runtime.getPrometheusMetrics();
    const executions = [...seriesOf(text)].filter(([key]) => key.startsWith('nexus_handler_executions_total'));
    expect(executions.map(([, count]) => count)).toEqual([1, 1, 1]);
    expect(parsed(text).size).toBeGreaterThan(10);
  }));

it('null where options or a list belong is INVALID_ARGUMENT', () =>
  withRuntime(ONE_WORKER, async (runtime) => {
    const nothing = null as never;
    const calls = [
      runtime.run('return 1', nothing),
      runtime.run('return 1', 5 as never),
      runtime.run('return 1', {}, [] as never),
      runtime.warmup(nothing),
      runtime.precompileAll(nothing),
      runtime.precompileAll([nothing]),
      runtime.clearCache(nothing),
      new HandlerCompiler({ cacheDir: false }).compile('return 1', nothing),
    ];
    for (const [i, call] of calls.entries()) {
      expect([i, await rejection(call)]).toMatchObject([i, { code: 'INVALID_ARGUMENT' }]);
    }
    expect(() => runtime.inspectCache(nothing)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(await rejection(runtime.shutdown(nothing))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  }));
