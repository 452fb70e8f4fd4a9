import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

import { eventually, NATIVE, rejection } from '../support/runtime-helpers.js';
import { seriesOf } from './exposition.js';

const directory = await mkdtemp(join(tmpdir(), 'nexus-metrics-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
const cacheDir = join(directory, 'cache');

const WAITING = 'const answer = await $ext.mail.ask($args); return answer';
const CAPABILITIES = ['ext:mail.*', 'state:write:allowed', 'events:emit:*'] as const;
const context = { capabilities: CAPABILITIES };

/** One way to each code of a result, and how often. */
const RESULTS: Record<string, (runtime: NexusRuntime) => Promise<unknown>> = {
  EXECUTION_ERROR: (runtime) => runtime.executeHandler('throw new Error("x")'),
  MEMORY_LIMIT: (runtime) => runtime.executeHandler('const a = []; for (;;) a.push(new Array(1e4).fill(0))'),
  STACK_OVERFLOW: (runtime) => runtime.executeHandler('const dig = () => dig() + 1; return dig()'),
  RESOURCE_LIMIT: (runtime) => runtime.executeHandler('for (let i = 0; i < 200; i++) $emit("e")', context),
  PERMISSION_DENIED: (runtime) => runtime.executeHandler('$state.forbidden = 1', context),
  COMPILATION_ERROR: (runtime) => runtime.executeHandler('return )'),
  INVALID_HANDLER: (runtime) => runtime.executeHandler(''),
  SERIALIZATION_ERROR: (runtime) => runtime.executeHandler('return () => {}'),
  DEADLOCK: (runtime) => runtime.executeHandler('await new Promise(() => {})'),
  CANCELLED: (runtime) => runtime.executeHandler('return 1', {}, { signal: AbortSignal.abort() }),
};

/** And of a rejection. */
const REJECTIONS: Record<string, (runtime: NexusRuntime) => Promise<unknown>> = {
  INVALID_ARGUMENT: (runtime) => runtime.executeHandler('return 1', {}, -1),
  INVALID_ARTIFACT: (runtime) => runtime.executeCompiledHandler(new Uint8Array(100)),
  SUSPENSION_NOT_FOUND: (runtime) => runtime.resumeHandler('unknown', { success: true, value: 1 }),
};

describe('after a workload', () => {
  it('every count is what was done, in the statistics and in the exposition', async () => {
    const runtime = await createRuntime({
      cacheDir,
      maxInstances: 1,
      // On a busy machine the interrupt may be late.
      killGraceMs: 500,
      metrics: { defaultLabels: { app: 'test' } },
    });
    try {
      await runtime.warmup();
      // Ten executions of one handler: one compilation, nine times found in memory.
      for (let i = 0; i < 10; i++) await runtime.executeHandler('return $args', { args: i });
      // Each layer. A promise chain is stopped by whichever comes first.
      await runtime.executeHandler('for (;;) ;', {}, 20);
      await runtime.executeHandler(NATIVE, {}, 20);
      for (const call of Object.values(RESULTS)) await call(runtime);
      for (const call of Object.values(REJECTIONS)) await rejection(call(runtime));
      // A handler that waits: suspended three times, resumed to its end once, cancelled once.
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) {
        const { suspension } = await runtime.executeHandler(WAITING, { ...context, args: i });
        ids.push(suspension?.suspensionId ?? '');
      }
      const [first = '', second = ''] = ids;
      expect((await runtime.resumeHandler(first, { success: true, value: 1 })).returnValue).toBe(1);
      expect(await runtime.cancelSuspension(second)).toBe(true);
      // A run: two segments, of which the first waits.
      await runtime.run(WAITING, { ...context, args: 1 }, { extensions: { mail: { ask: () => 2 } } });

      const stats = runtime.getStats();
      const series = seriesOf(await runtime.getPrometheusMetrics());
      const of = (name: string, labels = '') =>
        series.get(`nexus_${name}{${[...labels.split(',').filter(Boolean), 'app="test"'].sort().join(',')}}`);

      const results = Object.keys(RESULTS).length;
      const executions = { success: 10 + 1 + 1, suspended: 3 + 1, error: 2 + results };
      for (const [status, count] of Object.entries(executions)) {
        expect([status, of('handler_executions_total', `status="${status}"`)]).toEqual([status, count]);
      }
      const total = Object.values(executions).reduce((sum, count) => sum + count, 0);
      expect(stats.totalExecutions).toBe(total);

      // Handlers that did not compile or were cancelled before the start were not started by any worker.
      const begun = total - 3;
      for (const name of ['handler_duration_seconds', 'handler_queue_seconds']) {
        expect([name, of(`${name}_count`)]).toEqual([name, begun]);
        expect(of(`${name}_bucket`, 'le="+Inf"')).toBe(begun);
      }
      // One whose worker was ended has no size.
      expect(of('memory_peak_bytes_count')).toBe(begun - 1);

      const errors: Record<string, number> = { TIMEOUT: 2 };
      for (const code of [...Object.keys(RESULTS), ...Object.keys(REJECTIONS)]) errors[code] = 1;
      expect(stats.errors).toEqual(errors);
      for (const [code, count] of Object.entries(errors)) {
        expect([code, of('handler_errors_total', `code="${code}"`)]).toEqual([code, count]);
      }
      expect(of('handler_errors_total', 'code="POOL_SATURATED"')).toBe(0);

      expect(stats.kills).toEqual({ interrupt: 1, jobs: 0, watchdog: 1 });
      for (const [layer, count] of Object.entries(stats.kills)) {
        expect([layer, of('handler_kills_total', `layer="${layer}"`)]).toEqual([layer, count]);
      }
      expect(stats.retirements).toMatchObject({ watchdog: 1, out_of_memory: 1 });
      for (const [reason, count] of Object.entries(stats.retirements)) {
        expect([reason, of('pool_instances_retired_total', `reason="${reason}"`)]).toEqual([reason, count]);
      }

      expect(of('suspension_size_bytes_count')).toBe(3);
      expect(of('resume_duration_seconds_count')).toBe(1);
      expect([stats.suspendedExecutions, of('suspensions_active')]).toEqual([1, 1]);

      // Distinct sources that went to a worker: one that is empty is no source, one was cancelled before.
      const compilations = 1 + 2 + (results - 2) + 1;
      expect([stats.cache.compilations, of('compile_duration_seconds_count')]).toEqual([compilations, compilations]);
      expect([stats.cache.misses, of('cache_misses_total')]).toEqual([compilations, compilations]);
      const hits = 9 + 2 + 1;
      expect([stats.cache.memory.hits, of('cache_hits_total', 'tier="memory"')]).toEqual([hits, hits]);
      expect(of('cache_hit_rate')).toBeCloseTo(hits / (hits + compilations), 10);
      expect(stats.cacheHitRate).toBe(of('cache_hit_rate'));

      await eventually(() => expect(runtime.getStats().availableInstances).toBe(1));
      const now = seriesOf(await runtime.getPrometheusMetrics());
      for (const [state, count] of Object.entries({ busy: 0, idle: 1, starting: 0 })) {
        expect([state, now.get(`nexus_pool_instances{app="test",state="${state}"}`)]).toEqual([state, count]);
      }
      expect(now.get('nexus_pool_queue_depth{app="test"}')).toBe(0);
      expect(now.get('nexus_pool_memory_bytes{app="test"}')).toBe(runtime.getStats().totalMemoryBytes);
      expect(runtime.getStats().totalMemoryBytes).toBeGreaterThanOrEqual(2 * 1024 * 1024);
    } finally {
      await runtime.shutdown();
    }
  });

  it('the disk cache counts hits, evictions and what it does not let in', async () => {
    const sources = Array.from({ length: 30 }, (_, n) => `return ${n} + "${'x'.repeat(4_000)}".length`);
    const folder = join(directory, 'small');
    const first = await createRuntime({ cacheDir: folder, maxInstances: 1, maxDiskCacheSizeBytes: 96 * 1024 });
    for (const source of sources) await first.executeHandler(source);
    await first.shutdown();
    const text = await first.getPrometheusMetrics();
    const { disk } = first.getStats().cache;
    expect(disk.evictions).toBeGreaterThan(0);
    expect(seriesOf(text).get('nexus_cache_evictions_total{tier="disk"}')).toBe(disk.evictions);

    const [version = ''] = await readdir(folder);
    const files = await readdir(join(folder, version));
    const entries = files.filter((name) => name.endsWith('.qjsc'));
    expect(entries.length).toBeGreaterThan(2);
    await writeFile(join(folder, version, entries[0] ?? ''), 'damaged');
    const second = await createRuntime({ cacheDir: folder, maxInstances: 1, maxDiskCacheSizeBytes: 96 * 1024 });
    try {
      // The last ones first: new entries evict those that were not used for longest.
      for (const source of [...sources].reverse()) await second.executeHandler(source);
      const { cache } = second.getStats();
      const series = seriesOf(await second.getPrometheusMetrics());
      expect(cache.disk.hits).toBeGreaterThan(0);
      expect(series.get('nexus_cache_hits_total{tier="disk"}')).toBe(cache.disk.hits);
      expect(Object.values(cache.disk.rejections)).toEqual([1]);
      const [reason] = Object.keys(cache.disk.rejections);
      expect(series.get(`nexus_cache_rejections_total{reason="${reason}"}`)).toBe(1);
    } finally {
      await second.shutdown();
    }
  });
});
