import { describe, expect, it } from 'vitest';

import type { RunHistoryCall, RunHistorySegment } from '#src/index.js';
import { later, NexusError, RetryableError } from '#src/index.js';

import { eventually, rejection, withRuntime } from '../../support/runtime-helpers.js';
import { all } from './run-helpers.js';

describe('the history of a run', () => {
  it('has what failed, what was tried again, what is under way and what comes from elsewhere', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      let attempts = 0;
      let finish = (_: unknown) => {};
      const extensions = {
        shop: {
          flaky: async () => {
            if (++attempts < 3) throw new RetryableError('not yet');
            return 'at last';
          },
          broken: async () => {
            throw new Error('no <b>such</b> thing');
          },
          slow: () =>
            new Promise((resolve) => {
              finish = resolve;
            }),
          ask: () => later,
        },
      };
      await using _worker = await runtime.work({ extensions, retry: { backoffMs: 1 } });
      const code = `
        console.warn('begun');
        await $ext.shop.flaky();
        await $ext.shop.broken().catch(() => $emit('failed', 1));
        await $ext.shop.slow();
        await $ext.shop.ask({ big: 'y'.repeat(100000) });
        await $signal('go');
        throw new TypeError('in the end');`;
      const capabilities = ['ext:*', 'events:emit:*', 'signal:*'];
      const run = await runtime.start(code, { capabilities, handlerName: 'h' }, { runId: 'r1', tenant: 'acme' });
      const calls = async () =>
        (await run.history()).entries.filter((one): one is RunHistoryCall => one.kind === 'call');
      await eventually(async () => expect((await calls()).at(-1)?.name).toBe('$ext.shop.slow'));
      expect((await calls()).at(-1)).not.toHaveProperty('durationMs');
      finish({ ok: true });
      await eventually(async () => expect((await calls()).at(-1)?.outcome).toBe('later'));
      const [flaky, broken, slow, ask] = await calls();
      expect(flaky).toMatchObject({ outcome: 'success', answer: '"at last"', retries: 2 });
      expect(broken).toMatchObject({ outcome: 'error', retries: 0 });
      expect(broken?.answer).toContain('no <b>such</b> thing');
      expect(slow).toMatchObject({ outcome: 'success', answer: '{"ok":true}', durationMs: expect.any(Number) });
      expect(ask?.args.length).toBeLessThanOrEqual(2_000);
      expect(await runtime.completeCall('r1:c4', { success: true, value: 'yes' })).toBe('accepted');
      await eventually(async () => expect((await run.describe()).calls[0]?.extensionName).toBe('$signal'));
      await run.signal('go', { by: 'me' });
      expect((await run.result()).status).toBe('error');
      const { entries } = await run.history();
      const segments = entries.filter((one): one is RunHistorySegment => one.kind === 'segment');
      expect(segments[0]?.logs).toEqual([{ level: 'warn', message: 'begun' }]);
      expect(segments.map(({ events }) => events)).toContain(1);
      expect(segments.at(-1)).toMatchObject({
        status: 'error',
        error: { code: 'EXECUTION_ERROR', snippet: expect.any(String) },
      });
      expect(entries.find(({ kind }) => kind === 'signal')).toMatchObject({ name: 'go', value: '{"by":"me"}' });
      expect(entries.find(({ kind }) => kind === 'answer')).toMatchObject({ name: 'c4', value: '"yes"' });
    });
  });

  it('keeps the latest two hundred entries of a run', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      await using _worker = await runtime.work({ extensions: { n: { next: async (n: number) => n + 1 } } });
      const code = 'let n = 0; while (n < 150) n = await $ext.n.next(n); return n';
      const run = await runtime.start(code, { capabilities: ['ext:*'] });
      expect((await run.result()).returnValue).toBe(150);
      const { entries, omitted } = await run.history();
      expect(entries).toHaveLength(200);
      expect(omitted).toBe(2 * 150 + 1 - 200);
      expect(entries.at(-1)).toMatchObject({ kind: 'segment', status: 'success' });
    });
  });

  it('is forgotten with the run, and there is none of a run that there is not', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      await using _worker = await runtime.work({});
      const start = (runId: string, tenant: string) => runtime.start('return 1', {}, { runId, tenant });
      for (const [runId, tenant] of [
        ['a', 'x'],
        ['b', 'x'],
        ['c', 'y'],
      ] as const) {
        await (await start(runId, tenant)).result();
        expect((await runtime.getRun(runId).history()).entries).toHaveLength(1);
      }
      await runtime.eraseRuns({ tenant: 'x' });
      await runtime.eraseRuns({ runId: 'c' });
      for (const runId of ['a', 'b', 'c', 'none']) {
        const error = await rejection(runtime.getRun(runId).history());
        expect(error).toBeInstanceOf(NexusError);
        expect((error as NexusError).code).toBe('SUSPENSION_NOT_FOUND');
      }
      // Of the same ids, nothing of what was before.
      for (const [runId, tenant] of [
        ['a', 'x'],
        ['c', 'y'],
      ] as const) {
        await start(runId, tenant);
        await runtime.getRun(runId).result();
        expect((await runtime.getRun(runId).history()).entries).toHaveLength(1);
      }
    });
  });

  it.each([
    ['acme'],
    ['a'.repeat(200)],
  ])('is forgotten with all runs of a tenant, however long its name is: %s', async (tenant) => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const start = (of: string) =>
        runtime.start(`await $signal('go')`, { capabilities: ['signal:*'] }, { runId: 'r1', tenant: of });
      const run = await start(tenant);
      await run.signal('go', 'of the first');
      expect((await run.history()).entries).toMatchObject([{ kind: 'signal' }]);
      expect(await runtime.eraseRuns({ tenant })).toBe(1);
      expect((await (await start('another')).history()).entries).toEqual([]);
    });
  });

  it('of a run that nobody works on is empty', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const run = await runtime.start('return 1', {});
      expect(await run.history()).toEqual({ runId: run.runId, entries: [], omitted: 0 });
    });
  });
});

describe('countDueRuns', () => {
  it('counts runs whose time has come and that nobody works on', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      expect(await runtime.countDueRuns()).toBe(0);
      for (let i = 0; i < 3; i++) await runtime.start('return 1', {});
      await runtime.start('return 1', {}, { startAt: new Date(Date.now() + 3_600_000) });
      expect(await runtime.countDueRuns()).toBe(3);
      expect(await runtime.countDueRuns({ max: 2 })).toBe(2);
      const error = await rejection(runtime.countDueRuns({ max: 0 }));
      expect((error as NexusError).code).toBe('INVALID_ARGUMENT');
      await using _worker = await runtime.work({});
      await eventually(async () => expect(await runtime.countDueRuns()).toBe(0));
    });
  });
});

describe('listRuns', () => {
  it('goes on behind any line', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      for (let i = 0; i < 7; i++) await runtime.start('return 1', {}, { runId: `run-${i}` });
      const listed = await all(runtime.listRuns());
      expect(listed).toHaveLength(7);
      for (const [index, { suspensionId }] of listed.entries()) {
        const rest = await all(runtime.listRuns({ after: suspensionId }));
        expect(rest.map(({ runId }) => runId)).toEqual(listed.slice(index + 1).map(({ runId }) => runId));
      }
      const error = await rejection(all(runtime.listRuns({ after: '../x' })));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    });
  });
});
