import { Gauge, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createRuntime, type RuntimeOptions } from '#src/index.js';

import { METRICS } from '#src/metrics/catalog.js';
import { terminateThreads } from '../faults/lib/threads.mjs';
import { rejection, withRuntime } from '../support/runtime-helpers.js';
import { parsed, seriesOf } from './exposition.js';

const NAMES = Object.keys(METRICS) as (keyof typeof METRICS)[];

describe('the exposition', () => {
  it('has every metric with the type and help of the table, for a parser of the format', () =>
    withRuntime({ maxInstances: 1 }, async (runtime) => {
      await runtime.executeHandler('return 1');
      const metrics = parsed(await runtime.getPrometheusMetrics());
      expect([...metrics.keys()].sort()).toEqual(NAMES.map((name) => `nexus_${name}`).sort());
      for (const name of NAMES) {
        const { type, help } = METRICS[name];
        expect(metrics.get(`nexus_${name}`)).toMatchObject({ type: type.toUpperCase(), help });
      }
    }));

  /** As promtool lints: names, base units, types, help. */
  it.each(NAMES)('keeps the conventions: %s', (name) => {
    const { type, help, labels } = METRICS[name];
    expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
    expect(name).not.toMatch(/_(count|sum|bucket|milliseconds|ms|us|minutes|kilobytes|kib|mib)(_|$)/);
    expect(help).toMatch(/^[A-Z].{10,}\.$/);
    for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z]+$/);
    if ('buckets' in METRICS[name]) {
      const { buckets } = METRICS[name] as { readonly buckets: readonly number[] };
      expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
      expect(new Set(buckets).size).toBe(buckets.length);
    }
  });

  it('has histograms that add up', () =>
    withRuntime({ maxInstances: 1 }, async (runtime) => {
      for (let i = 0; i < 20; i++) await runtime.executeHandler('return 1');
      const series = seriesOf(await runtime.getPrometheusMetrics());
      for (const name of NAMES.filter((key) => METRICS[key].type === 'histogram')) {
        const bounds = [...series].filter(([key]) => key.startsWith(`nexus_${name}_bucket`));
        const counts = bounds.map(([, count]) => count);
        expect([...counts].sort((a, b) => a - b)).toEqual(counts);
        expect(counts.at(-1)).toBe(series.get(`nexus_${name}_count`));
      }
    }));

  it('never goes back, across deaths of workers and after the end', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
    let before = new Map<string, number>();
    const check = async () => {
      const after = seriesOf(await runtime.getPrometheusMetrics());
      for (const [key, value] of before) {
        if (/_(total|count|sum|bucket)(\{|$)/.test(key))
          expect([key, (after.get(key) ?? -1) >= value]).toEqual([key, true]);
      }
      before = after;
    };
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 20 }, () => runtime.executeHandler('return 1')));
      await check();
      await terminateThreads();
      await check();
    }
    await runtime.shutdown();
    await check();
    expect(before.get('nexus_handler_executions_total{status="success"}')).toBe(100);
  });

  it('does not grow with the names of handlers, and a scrape stays small', () =>
    withRuntime({ maxInstances: 1, metrics: { handlerLabel: true } }, async (runtime) => {
      for (let i = 0; i < 300; i++) await runtime.executeHandler('return 1', { handlerName: `handler ${i % 250}` });
      const series = seriesOf(await runtime.getPrometheusMetrics());
      const handlers = new Set([...series.keys()].flatMap((key) => /handler="([^"]*)"/.exec(key)?.[1] ?? []));
      expect(handlers.size).toBe(201);
      expect(handlers.has('other')).toBe(true);
      const executions = [...series].filter(([key]) => key.startsWith('nexus_handler_executions_total'));
      expect(executions.reduce((sum, [, count]) => sum + count, 0)).toBe(300);
      for (const name of ['"quoted"', 'two\nlines', 'back\\slash', 'ü']) {
        await runtime.executeHandler('return 1', { handlerName: name });
      }
      expect(parsed(await runtime.getPrometheusMetrics()).size).toBe(NAMES.length);
    }));
});

describe('two runtimes in one process', () => {
  const execute = async (options: RuntimeOptions[], times: number[]) => {
    const runtimes = await Promise.all(
      options.map((each) => createRuntime({ cacheDir: false, maxInstances: 1, ...each })),
    );
    for (const [i, runtime] of runtimes.entries()) {
      for (let n = 0; n < (times[i] ?? 0); n++) await runtime.executeHandler('return 1');
    }
    const texts = await Promise.all(runtimes.map((runtime) => runtime.getPrometheusMetrics()));
    await Promise.all(runtimes.map((runtime) => runtime.shutdown()));
    return texts.map(seriesOf);
  };
  const SUCCESSES = 'nexus_handler_executions_total{status="success"}';

  it('have registries of their own by default', async () => {
    const [first, second] = await execute([{}, {}], [2, 3]);
    expect([first?.get(SUCCESSES), second?.get(SUCCESSES)]).toEqual([2, 3]);
  });

  it('add up on one registry', async () => {
    const registry = new Registry();
    const [text] = await execute([{ metrics: { registry } }, { metrics: { registry } }], [2, 3]);
    expect(text?.get(SUCCESSES)).toBe(5);
    expect(seriesOf(await registry.metrics()).get(SUCCESSES)).toBe(5);
  });

  it('are told apart on one registry by their labels, or by their prefixes', async () => {
    const registry = new Registry();
    const labelled = ['a', 'b'].map((name) => ({ metrics: { registry, defaultLabels: { runtime: name } } }));
    await execute([...labelled, { metrics: { registry, prefix: 'other_' } }], [2, 3, 4]);
    const series = seriesOf(await registry.metrics());
    expect(series.get('nexus_handler_executions_total{runtime="a",status="success"}')).toBe(2);
    expect(series.get('nexus_handler_executions_total{runtime="b",status="success"}')).toBe(3);
    expect(series.get('other_handler_executions_total{status="success"}')).toBe(4);
  });

  it('leave the metrics of the application alone', async () => {
    const registry = new Registry();
    new Gauge({ name: 'app_users', help: 'Users.', registers: [registry] }).set(7);
    const [text] = await execute([{ metrics: { registry, defaultLabels: { runtime: 'a' } } }], [1]);
    expect(text?.get('app_users')).toBe(7);
  });
});

describe('bad options of metrics', () => {
  it('a registry that has one of the names: INVALID_CONFIG at once, naming it', async () => {
    const registry = new Registry();
    new Gauge({ name: 'nexus_pool_queue_depth', help: 'Another one.', registers: [registry] });
    const error = await rejection(createRuntime({ cacheDir: false, metrics: { registry } }));
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringContaining('nexus_pool_queue_depth') });
    expect(registry.getMetricsAsArray()).toHaveLength(1);
  });

  it.each([
    [{ prefix: '0abc' }, 'metrics.prefix'],
    [{ prefix: 'with space' }, 'metrics.prefix'],
    [{ registry: {} }, 'metrics.registry'],
    [{ defaultLabels: { '0': 'x' } }, 'metrics.defaultLabels.0'],
    [{ defaultLabels: { __name: 'x' } }, 'metrics.defaultLabels.__name'],
    [{ defaultLabels: { status: 'x' } }, 'metrics.defaultLabels.status'],
    [{ defaultLabels: { region: 7 } }, 'metrics.defaultLabels.region'],
    [{ handlerLabel: 'yes' }, 'metrics.handlerLabel'],
    [{ labels: {} }, 'metrics.labels'],
  ])('%j: INVALID_CONFIG', async (metrics, option) => {
    const error = await rejection(createRuntime({ cacheDir: false, metrics: metrics as object }));
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', context: { option } });
  });
});

it('without metrics there is no text, and statistics all the same', () =>
  withRuntime({ maxInstances: 1, metrics: false }, async (runtime) => {
    await runtime.executeHandler('return 1');
    expect(await runtime.getPrometheusMetrics()).toBe('');
    expect(runtime.getStats().totalExecutions).toBe(1);
  }));
