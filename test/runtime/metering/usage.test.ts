import { describe, expect, it, vi } from 'vitest';

import type { UsageEvent } from '#src/api/observing/observer.js';
import type { NexusRuntime, UsageCounts, WasmResult } from '#src/index.js';
import { METRICS } from '#src/metrics/catalog.js';
import { createTestRuntime } from '#src/testing/index.js';
import { seriesOf } from '../../metrics/exposition.js';
import { eventually, NATIVE, rejection, withRuntime } from '../../support/runtime-helpers.js';

const ANYTHING = {
  capabilities: ['state:read:*', 'ext:*', 'events:emit:*'] as const,
  extensionRegistry: { host: ['next'] },
};
const COUNTS = [
  'executions',
  'segments',
  'errors',
  'instructions',
  'cpuUs',
  'bytesIn',
  'bytesOut',
  'calls',
  'storedByteHours',
] as const satisfies readonly (keyof UsageCounts)[];

/** `NEXUS_BILL=10000` takes a minute and a half. */
const EXECUTIONS = Number(process.env['NEXUS_BILL'] ?? 1_500);

function sumOf(parts: readonly UsageCounts[]): Record<string, number> {
  return Object.fromEntries(COUNTS.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0)]));
}

const countsOf = (usage: UsageCounts) => Object.fromEntries(COUNTS.map((name) => [name, usage[name]]));

describe('usage', () => {
  it('is told for each segment, and added up by tenant and handler', async () => {
    const events: UsageEvent[] = [];
    await withRuntime({ maxInstances: 1, observer: { onUsage: (event) => events.push(event) } }, async (runtime) => {
      const context = { ...ANYTHING, handlerName: 'pay', stateSnapshot: { total: 1 } };
      const result = await runtime.executeHandler('$emit("paid"); return $state.total', context, { tenant: 'acme' });
      await runtime.executeHandler('throw 1', {}, { tenant: 'acme' });
      await runtime.executeHandler('return 1');
      expect(events).toEqual([
        {
          kind: 'segment',
          handlerName: 'pay',
          tenant: 'acme',
          status: 'success',
          executions: 1,
          segments: 1,
          errors: 0,
          instructions: result.metrics.instructionCount,
          cpuUs: Math.round(result.metrics.durationUs),
          bytesIn: expect.any(Number),
          bytesOut: expect.any(Number),
          calls: 0,
          storedByteHours: 0,
        },
        expect.objectContaining({ tenant: 'acme', status: 'error', executions: 1, segments: 1, errors: 1 }),
        expect.objectContaining({ status: 'success', executions: 1, errors: 0 }),
      ]);
      expect(events[2]).not.toHaveProperty('tenant');

      const acme = runtime.getUsage('acme');
      expect(acme).toMatchObject({ tenant: 'acme', ...sumOf(events.slice(0, 2)) });
      expect(acme?.handlers).toEqual([{ handlerName: 'pay', ...sumOf(events.slice(0, 1)) }, sumOf(events.slice(1, 2))]);
      const all = runtime.getUsage();
      expect(all).toMatchObject({ since: expect.any(Date), ...sumOf(events) });
      expect(all.tenants.map(({ tenant }) => tenant)).toEqual(['acme', undefined]);
      expect(runtime.getUsage('nobody')).toEqual({ tenant: 'nobody', ...sumOf([]), handlers: [] });
    });
  });

  it('counts the bytes and calls of what is passed in and out', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const text = 'x'.repeat(50_000);
      await runtime.executeHandler('return $args', { args: text }, { tenant: 'both' });
      await runtime.executeHandler('return 1', { args: text }, { tenant: 'in' });
      await runtime.executeHandler('return "x".repeat(50_000)', {}, { tenant: 'out' });
      const extensions = { host: { next: async (value: unknown) => value } };
      const code = 'await $ext.host.next($args); await Promise.all([$ext.host.next(1), $ext.host.next(2)]); return 1';
      await runtime.run(code, { ...ANYTHING, args: text }, { tenant: 'calls', extensions });
      const bytesOf = (tenant: string) => {
        const { bytesIn = 0, bytesOut = 0 } = runtime.getUsage(tenant) ?? {};
        return [Math.floor(bytesIn / 50_000), Math.floor(bytesOut / 50_000)];
      };
      expect(['both', 'in', 'out', 'calls'].map(bytesOf)).toEqual([
        [1, 1],
        [1, 0],
        [0, 1],
        [2, 1],
      ]);
      expect(runtime.getUsage('calls')).toMatchObject({ executions: 1, segments: 3, calls: 3 });
    });
  });

  it('is not counted for what no worker began', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      await runtime.executeHandler('return (');
      await runtime.executeHandler('return 1', {}, { signal: AbortSignal.abort() });
      await rejection(runtime.executeHandler('return 1', { capabilities: ['all'] as never }));
      expect(countsOf(runtime.getUsage())).toEqual(sumOf([]));
    });
  });

  it('counts a suspended handler for the time that it was stored, whichever way it ends', async () => {
    const events: UsageEvent[] = [];
    const hour = 3_600_000;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sizes = new Map<string, number>();
    const runtime = await createTestRuntime({
      suspensionTtlMs: 4 * hour,
      observer: {
        onUsage: (event) => events.push(event),
        onSuspension: ({ suspensionId, bytes }) => sizes.set(suspensionId, bytes),
      },
    });
    try {
      const begin = async (handlerName: string) => {
        const context = { ...ANYTHING, handlerName };
        const { suspension } = await runtime.executeHandler('return await $ext.host.next()', context, {
          tenant: 'acme',
        });
        return suspension?.suspensionId ?? 'none';
      };
      const resumed = await begin('resumed');
      const cancelled = await begin('cancelled');
      const expired = await begin('expired');
      runtime.clock.advance(2 * hour);
      expect(await runtime.resumeHandler(resumed, { success: true, value: 1 })).toMatchObject({ returnValue: 1 });
      runtime.clock.advance(hour);
      expect(await runtime.cancelSuspension(cancelled)).toBe(true);
      // A second time counts nothing.
      expect(await runtime.cancelSuspension(cancelled)).toBe(false);
      await runtime.resumeHandler(resumed, { success: true, value: 1 });
      runtime.clock.advance(2 * hour);
      vi.advanceTimersByTime(60_000);
      await eventually(() => expect(events.filter(({ kind }) => kind === 'storage')).toHaveLength(3));
      const stored = events.filter(({ kind }) => kind === 'storage');
      expect(stored.map(({ tenant, handlerName, storedByteHours }) => [tenant, handlerName, storedByteHours])).toEqual([
        ['acme', 'resumed', 2 * (sizes.get(resumed) ?? 0)],
        ['acme', 'cancelled', 3 * (sizes.get(cancelled) ?? 0)],
        ['acme', 'expired', 4 * (sizes.get(expired) ?? 0)],
      ]);
      expect(countsOf(runtime.getUsage())).toEqual(sumOf(events));
    } finally {
      vi.useRealTimers();
      await runtime.shutdown();
    }
  });

  it('keeps so many tenants and handlers apart, and all others as one', async () => {
    await withRuntime({ maxInstances: 1, metering: { maxTenants: 2, maxHandlers: 2 } }, async (runtime) => {
      for (const tenant of ['a', 'b', 'c', 'd', 'a']) {
        for (const handlerName of ['x', 'y', 'z', 'w'])
          await runtime.executeHandler('return 1', { handlerName }, { tenant });
      }
      const { tenants, executions } = runtime.getUsage();
      expect(executions).toBe(20);
      expect(tenants.map((usage) => [usage.tenant, usage.isOthers, usage.executions])).toEqual([
        ['a', undefined, 8],
        ['b', undefined, 4],
        ['other', true, 8],
      ]);
      expect(tenants[0]?.handlers.map((usage) => [usage.handlerName, usage.isOthers, usage.executions])).toEqual([
        ['x', undefined, 2],
        ['y', undefined, 2],
        ['other', true, 4],
      ]);
      expect(runtime.getUsage('c')).toBeUndefined();
    });
  });

  it('can be turned off', async () => {
    await withRuntime({ maxInstances: 1, metering: false }, async (runtime) => {
      await runtime.executeHandler('return 1');
      expect(() => runtime.getUsage()).toThrow('Option metering is false; it must be on for getUsage()');
      expect(await runtime.getPrometheusMetrics()).not.toMatch(/^nexus_usage_executions_total[{ ]/m);
    });
  });

  it.each([
    [{ maxTenants: 0 }, 'metering.maxTenants'],
    [{ maxHandlers: -1 }, 'metering.maxHandlers'],
    [{ maxTenant: 1 }, 'metering.maxTenant'],
    ['on', 'metering'],
  ])('has bounds that are checked: %j', async (metering, option) => {
    await expect(withRuntime({ metering } as never, async () => {})).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      context: { option },
    });
  });
});

describe('the metrics of usage', () => {
  const names = Object.keys(METRICS).filter((name) => name.startsWith('usage_'));

  it('are those of getUsage(), with a label for the tenant if it is asked for', async () => {
    for (const tenantLabel of [false, true]) {
      await withRuntime({ maxInstances: 1, metrics: { tenantLabel } }, async (runtime) => {
        await runtime.executeHandler('for (let i = 0; i < 1000; i++); return 1', {}, { tenant: 'acme' });
        await runtime.executeHandler('return 1');
        const series = seriesOf(await runtime.getPrometheusMetrics());
        const label = (tenant: string) => (tenantLabel ? `{tenant="${tenant}"}` : '');
        for (const name of names) expect([...series.keys()].some((key) => key.startsWith(`nexus_${name}`))).toBe(true);
        const usage = tenantLabel ? runtime.getUsage('acme') : runtime.getUsage();
        expect(series.get(`nexus_usage_executions_total${label('acme')}`)).toBe(usage?.executions);
        expect(series.get(`nexus_usage_instructions_total${label('acme')}`)).toBe(usage?.instructions);
        expect(series.get(`nexus_usage_executions_total{tenant=""}`)).toBe(tenantLabel ? 1 : undefined);
      });
    }
  });

  it('have at most 200 tenants of their own', async () => {
    await withRuntime({ maxInstances: 1, metrics: { tenantLabel: true } }, async (runtime) => {
      // One of them has the name of all others.
      const tenants = ['other', ...Array.from({ length: 249 }, (_, i) => `tenant ${i}`)];
      await Promise.all(tenants.map((tenant) => runtime.executeHandler('return 1', {}, { tenant })));
      const series = [...seriesOf(await runtime.getPrometheusMetrics())].filter(([key]) =>
        key.startsWith('nexus_usage_executions_total'),
      );
      expect(series).toHaveLength(200);
      expect(new Map(series).get('nexus_usage_executions_total{tenant="other"}')).toBe(51);
    });
  });
});

describe('a bill', () => {
  it(`of ${EXECUTIONS} mixed executions adds up, across workers that die`, { timeout: 300_000 }, async () => {
    const bill: UsageEvent[] = [];
    const options = {
      maxInstances: 2,
      killGraceMs: 20,
      maxQueue: 10_000,
      maxQueuePerTenant: 10_000,
      observer: { onUsage: (event: UsageEvent) => bill.push(event) },
    };
    await withRuntime(options, async (runtime) => {
      const results: { readonly tenant: string; readonly handlerName: string; readonly result: WasmResult }[] = [];
      const extensions = { host: { next: async (value: number) => value } };
      const kinds: readonly ((runtime: NexusRuntime, origin: Origin) => Promise<readonly WasmResult[]>)[] = [
        async (on, { tenant, ...context }) => [await on.executeHandler('return 1', context, { tenant })],
        async (on, { tenant, ...context }) => [
          await on.executeHandler('for (let i = 0; i < 5_000; i++); throw 1', context, { tenant }),
        ],
        async (on, { tenant, ...context }) => [
          await on.executeHandler(
            '$emit("e", $args); return [1, 2]',
            { ...ANYTHING, ...context, args: [1] },
            { tenant },
          ),
        ],
        async (on, { tenant, ...context }) => [
          await on.run(
            'let s = 0; for (let i = 0; i < 3; i++) s += await $ext.host.next(i); return s',
            { ...ANYTHING, ...context },
            { tenant, extensions },
          ),
        ],
        async (on, { tenant, ...context }) => {
          const first = await on.executeHandler(
            'return await $ext.host.next(1)',
            { ...ANYTHING, ...context },
            { tenant },
          );
          const id = first.suspension?.suspensionId ?? 'none';
          return [first, await on.resumeHandler(id, { success: true, value: 1 })];
        },
        async (on, { tenant, ...context }) => [
          await on.executeHandler('for (;;) ;', context, { tenant, limits: { maxInstructions: 30_000 } }),
        ],
      ];
      let next = 0;
      const caller = async () => {
        for (let i = next++; i < EXECUTIONS; i = next++) {
          const origin = { tenant: `tenant ${i % 7}`, handlerName: `handler ${i % 5}` };
          // A few end their worker, and the rest of the worker's batch is executed again elsewhere.
          const { tenant, ...context } = origin;
          const done =
            i % 500 === 499
              ? [await runtime.executeHandler(NATIVE, context, { tenant, timeoutMs: 20 })]
              : await (kinds[i % kinds.length] as (typeof kinds)[number])(runtime, origin);
          for (const result of done) results.push({ ...origin, result });
        }
      };
      await Promise.all(Array.from({ length: 64 }, caller));
      await eventually(() => expect(runtime.getStats().activeInstances).toBe(0));

      expect(results.filter(({ result }) => result.error?.context?.['layer'] === 'watchdog').length).toBeGreaterThan(0);
      const usage = runtime.getUsage();
      expect(usage.executions).toBe(EXECUTIONS);
      expect(countsOf(usage)).toEqual(roundedSum(bill));
      const instructions = results.reduce((sum, { result }) => sum + result.metrics.instructionCount, 0);
      expect(usage.instructions).toBe(instructions);
      for (const { tenant, handlers, ...counts } of usage.tenants) {
        const own = bill.filter((event) => event.tenant === tenant);
        expect(countsOf(counts)).toEqual(roundedSum(own));
        const returned = results.filter((each) => each.tenant === tenant);
        expect(counts.instructions).toBe(
          returned.reduce((sum, { result }) => sum + result.metrics.instructionCount, 0),
        );
        for (const { handlerName, ...handler } of handlers) {
          expect(countsOf(handler)).toEqual(roundedSum(own.filter((event) => event.handlerName === handlerName)));
        }
      }
    });
  });

  interface Origin {
    readonly tenant: string;
    readonly handlerName: string;
  }

  /** Fractions of byte-hours are added in another order. */
  function roundedSum(parts: readonly UsageCounts[]) {
    const { storedByteHours = 0, ...sum } = sumOf(parts);
    return { ...sum, storedByteHours: expect.closeTo(storedByteHours, 6) };
  }
});
