import { describe, expect, it, vi } from 'vitest';

import { later, type WarningEvent } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ALL, all, untilWaits, useRuntimes } from './run-helpers.js';

const { open } = useRuntimes();

describe('runs', () => {
  it('that have ended are not begun anew by a start that was stopped before it stored them', async () => {
    const suspensionStore = new MemoryStore();
    const runtime = await open({ suspensionStore });
    let made = 0;
    await runtime.work({ extensions: { s: { n: async () => ++made } } });
    const start = () => runtime.start('await $ext.s.n(); return await $ext.s.n()', ALL, { runId: 'stopped' });
    const put = suspensionStore.put.bind(suspensionStore);
    suspensionStore.put = async (suspension) => {
      // It has looked for the run. Now others start it, it ends, and only its end is still kept.
      suspensionStore.put = put;
      expect((await (await start()).result()).returnValue).toBe(2);
      const { suspensions } = await suspensionStore.list({ states: ['continued'], limit: 10 });
      await suspensionStore.forget(suspensions.map(({ id }) => id));
      return put(suspension);
    };
    expect((await (await start()).result()).returnValue).toBe(2);
    expect(made).toBe(2);
    expect(await all(runtime.listRuns())).toMatchObject([{ runId: 'stopped', state: 'ended' }]);
  });

  it('that a failing store does not take back are given back later, which is said, and is not the loss of a process', async () => {
    const suspensionStore = new MemoryStore();
    const warnings: WarningEvent[] = [];
    const observer = { onWarning: (warning: WarningEvent) => void warnings.push(warning) };
    const runtime = await open({ suspensionStore, leaseMs: 1_000, observer, metrics: true });
    const release = suspensionStore.release.bind(suspensionStore);
    let failures = 0;
    suspensionStore.release = async (...given) => {
      // For longer than the lease.
      if (failures++ < 5) throw new Error('no route');
      return release(...given);
    };
    await runtime.work({ extensions: { s: { ask: async () => later } }, maxCrashes: 1 });
    const run = await runtime.start('return await $ext.s.ask()', ALL, { runId: 'unreturned' });
    await untilWaits(runtime, run.runId);
    await vi.waitFor(() => expect(failures).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
    expect(await runtime.completeCall('unreturned:c1', { success: true, value: 7 })).toBe('accepted');
    expect(await run.result()).toMatchObject({ status: 'success', returnValue: 7 });
    expect(warnings.filter(({ code }) => code === 'NEXUS_STORE')).toMatchObject([
      { message: expect.stringMatching(/could not be given back to the store, which is asked again.*no route/) },
    ]);
    expect(await runtime.getPrometheusMetrics()).toMatch(/^nexus_releases_failed_total 1$/m);
  });

  it('that could not be read again are refused when they are started, and are not in the store', async () => {
    const runtime = await open();
    const started = runtime.start('return 1', { handlerName: 'x'.repeat(100_000) }, { runId: 'long' });
    await expect(started).rejects.toMatchObject({
      code: 'RESOURCE_LIMIT',
      message: expect.stringMatching(/The run long cannot begin: .*handlerName.*100000 characters, more than 65536/),
    });
    expect(await all(runtime.listRuns())).toEqual([]);
  });
});
