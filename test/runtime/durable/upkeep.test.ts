import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { FatalError, later, type RuntimeOptions, type SegmentEffects } from '#src/index.js';
import { storedRunId } from '#src/suspension/durable/run-labels.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { rejection } from '../../suspension/resume-helpers.js';
import { ALL, all, untilWaits, useRuntimes } from './run-helpers.js';

const { open, folder } = useRuntimes();
const FIRST = randomBytes(32).toString('hex');
const SECOND = randomBytes(32).toString('hex');

describe.each([
  ['in memory', (): RuntimeOptions => ({})],
  ['in files', (): RuntimeOptions => ({ suspensionDir: folder() })],
])('runs %s', (_title, makeOptions) => {
  it('that failed go on from their last good step: what succeeded is kept, what failed is called again', async () => {
    const runtime = await open(makeOptions());
    const called: string[] = [];
    const told: string[] = [];
    let isDown = true;
    const s = {
      one: async () => void called.push('one'),
      two: async () => called.push('two'),
      pay: async () => {
        called.push('pay');
        if (isDown) throw new FatalError('down');
        return 'paid';
      },
    };
    const onEffects = ({ events }: SegmentEffects) => void told.push(...events.map(({ name }) => name));
    const ends: string[] = [];
    await runtime.work({ extensions: { s }, onEffects, onEnd: ({ status }) => void ends.push(status) });
    const code = `
      await $ext.s.one();
      $emit('begun');
      const signalled = await $signal('go');
      const [two, paid] = await Promise.all([$ext.s.two(), $ext.s.pay()]);
      return [signalled, paid];`;
    const run = await runtime.start(code, ALL, { runId: 'again' });
    await untilWaits(runtime, 'again');
    expect(await run.retry()).toBe('waiting');
    await run.signal('go', 5);
    expect((await run.result()).error?.message).toBe('FatalError: down');
    expect(await run.describe()).toMatchObject({ state: 'ended', outcome: 'failed', calls: [] });
    const [listed] = await all(runtime.listRuns({ state: 'ended' }));
    expect(listed).toMatchObject({ runId: 'again', outcome: 'failed' });
    expect(await all(runtime.listRuns({ state: 'waiting' }))).toEqual([]);
    expect([await run.signal('go', 6), await run.cancel()]).toEqual(['ended', false]);
    isDown = false;
    const answers = await Promise.all([run.retry(), run.retry()]);
    expect(answers).toContain('accepted');
    expect((await run.result()).returnValue).toEqual([5, 'paid']);
    expect(called.filter((name) => name === 'one')).toHaveLength(1);
    expect(called.filter((name) => name === 'pay').length).toBeGreaterThanOrEqual(2);
    expect(told).toEqual(['begun']);
    expect(ends).toEqual(['error', 'success']);
    expect(await run.retry()).toBe('ended');
  });

  it('that failed before they waited begin again, with what was signalled meanwhile', async () => {
    const options = makeOptions();
    let source = 'this is no code';
    const runtime = await open({ ...options, resolveHandler: () => source });
    await runtime.work();
    const run = await runtime.start({ name: 'h' }, ALL, { runId: 'begin' });
    expect((await run.result()).status).toBe('error');
    source = "return ['mended', await $signal('s')]";
    expect(await run.retry()).toBe('accepted');
    await untilWaits(runtime, 'begin');
    await run.signal('s', 1);
    expect((await run.result()).returnValue).toEqual(['mended', 1]);
    expect(await rejection(runtime.getRun('none').retry())).toMatchObject({ code: 'SUSPENSION_NOT_FOUND' });
  });

  it('that failed by an answer that came from elsewhere are answered anew when they are tried again', async () => {
    const runtime = await open(makeOptions());
    await runtime.work({ extensions: { s: { ask: async () => later } } });
    const run = await runtime.start('return await $ext.s.ask()', ALL, { runId: 'asks' });
    const answer = (given: { success: true; value: unknown } | { success: false; error: Error }) =>
      runtime.completeCall('asks:c1', given);
    for (const reason of ['no', 'still no']) {
      await untilWaits(runtime, 'asks');
      expect(await answer({ success: false, error: new Error(reason) })).toBe('accepted');
      expect((await run.result()).error?.message).toBe(`Error: ${reason}`);
      expect(await run.retry()).toBe('accepted');
    }
    await untilWaits(runtime, 'asks');
    expect(await answer({ success: true, value: 'yes' })).toBe('accepted');
    expect((await run.result()).returnValue).toBe('yes');
  });

  it('that were cancelled or have succeeded cannot be tried again', async () => {
    const runtime = await open(makeOptions());
    await runtime.work();
    const done = await runtime.start('return 1', ALL, { runId: 'done' });
    await done.result();
    expect(await done.retry()).toBe('ended');
    const cancelled = await runtime.start('await $sleep("1h")', ALL, { runId: 'cancelled' });
    await untilWaits(runtime, 'cancelled');
    await cancelled.cancel();
    expect((await cancelled.result()).error?.code).toBe('CANCELLED');
    expect(await cancelled.retry()).toBe('ended');
  });

  it.each([
    ['a timer', "await $sleep('1h')"],
    ['a signal', "await $signal('never')"],
    ['a signal with a time-out', "await $signal('never', { timeout: '1h' })"],
    ['a call', 'await $ext.s.never()'],
    ['several', "await Promise.all([$sleep('1h'), $signal('never'), $ext.s.never()])"],
  ])('cancelled where they await %s clean up', async (_what, code) => {
    const runtime = await open(makeOptions());
    const told: string[] = [];
    const onEffects = ({ events }: SegmentEffects) => void told.push(...events.map(({ name }) => name));
    await runtime.work({ extensions: { s: { never: async () => later } }, onEffects });
    const source = `setTimeout(() => $emit('never'), 3_600_000); try { ${code} } catch (e) { $emit(e.name) } finally { $emit('clean') }`;
    const run = await runtime.start(source, ALL, { runId: 'cleans' });
    await untilWaits(runtime, 'cleans', 2);
    expect(await run.cancel()).toBe(true);
    expect((await run.result()).error?.code).toBe('CANCELLED');
    expect(told).toEqual(['CancelledError', 'clean']);
  });

  it('of a tenant are erased whatever state they are in, with their messages, and nobody else is touched', async () => {
    const options = makeOptions();
    const runtime = await open(options);
    await runtime.work({ extensions: { s: { later: async () => later } } });
    const start = async (runId: string, code: string, tenant: string) => runtime.start(code, ALL, { runId, tenant });
    await start('waiting', "$emit('x'); return await $ext.s.later()", 'acme');
    await start('signalled', "return await $signal('s')", 'acme');
    await start('done', 'return 1', 'acme');
    await start('failed', "throw new Error('x')", 'acme');
    await runtime.start('return 1', ALL, { runId: 'not-yet', tenant: 'acme', startAt: new Date(Date.now() + 1e7) });
    await runtime.executeHandler('return await $ext.s.later()', { ...ALL }, { tenant: 'acme' });
    const other = await start('other', "return await $signal('s')", 'globex');
    for (const runId of ['waiting', 'signalled', 'other']) await untilWaits(runtime, runId);
    for (const runId of ['done', 'failed']) await runtime.getRun(runId).result();
    await runtime.getRun('signalled').signal('unrelated', 'secret of acme');
    expect(await runtime.eraseRuns({ tenant: 'acme' })).toBe(6);
    for (const runId of ['waiting', 'signalled', 'done', 'failed', 'not-yet']) {
      expect(await rejection(runtime.getRun(runId).describe())).toMatchObject({ code: 'SUSPENSION_NOT_FOUND' });
      expect(await runtime.getRun(runId).signal('s')).toBe('unknown');
    }
    expect(await runtime.completeCall('waiting:c1', { success: true, value: 1 })).toBe('unknown');
    const [listed, ...more] = await all(runtime.listRuns());
    expect([listed?.runId, more]).toEqual(['other', []]);
    const left = await all(runtime.listSuspensions());
    expect(left.every(({ id }) => id.startsWith((listed?.suspensionId as string).slice(0, 22)))).toBe(true);
    expect(await runtime.eraseRuns({ tenant: 'acme' })).toBe(0);
    await other.signal('s', 2);
    expect((await other.result()).returnValue).toBe(2);
    expect(await runtime.eraseRuns({ runId: 'other' })).toBe(1);
    for (const which of [{}, { tenant: '' }, { runId: '?' }, { suspensionId: '../x' }, { tenant: 'a', runId: 'b' }]) {
      expect(await rejection(runtime.eraseRuns(which as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

it('a run that cannot be sealed anew is left, and nobody has it', async () => {
  const store = new MemoryStore();
  const old = await open({ suspensionStore: store, suspensionSecret: FIRST });
  await old.start("return await $signal('s')", ALL, { runId: 'damaged' });
  await store.post(storedRunId('damaged'), { id: 'edited', content: new Uint8Array(100) });
  const both = await open({ suspensionStore: store, suspensionSecret: [SECOND, FIRST] });
  expect(await both.resealRuns()).toEqual({ resealed: 0, left: 1 });
  expect((await store.current(storedRunId('damaged')))?.state).toBe('suspended');
});

describe('runs in files', () => {
  it('go on after a change of secrets, once they are sealed anew, and the old secret is gone', async () => {
    const suspensionDir = folder();
    const old = await open({ suspensionDir, suspensionSecret: FIRST });
    await old.work({ extensions: { s: { later: async () => later } } });
    const waits = "return [await $ext.s.later(), await $signal('s'), await $signal('t')]";
    await old.start(waits, ALL, { runId: 'waits' });
    await old.start('return 1', ALL, { runId: 'later', startAt: new Date(Date.now() + 1e7) });
    const failed = await old.start("throw new Error('x')", ALL, { runId: 'failed' });
    await failed.result();
    await untilWaits(old, 'waits');
    await old.getRun('waits').signal('t', 't of before');
    await old.getRun('later').signal('t', 'does not let it begin before its time');
    await old.shutdown();

    const both = await open({ suspensionDir, suspensionSecret: [SECOND, FIRST] });
    expect(await both.resealRuns()).toEqual({ resealed: 3, left: 0 });
    expect(await both.resealRuns()).toEqual({ resealed: 0, left: 0 });
    await both.shutdown();

    const now = await open({ suspensionDir, suspensionSecret: SECOND });
    await now.work({ extensions: { s: { later: async () => later } } });
    expect(await now.completeCall('waits:c1', { success: true, value: 'c1' })).toBe('accepted');
    await now.getRun('waits').signal('t', 'once more', { id: 'after' });
    await now.getRun('waits').signal('s', 's');
    expect((await now.getRun('waits').result()).returnValue).toEqual(['c1', 's', 't of before']);
    expect(await now.getRun('failed').retry()).toBe('accepted');
    expect((await now.getRun('failed').result()).error?.message).toBe('Error: x');
    expect(await now.getRun('later').describe()).toMatchObject({ state: 'waiting' });
  });

  it('that are damaged are erased by the id that a listing has', async () => {
    const suspensionDir = folder();
    const runtime = await open({ suspensionDir });
    await runtime.start("return await $signal('s')", ALL, { runId: 'damaged' });
    const [shard] = await filesOf(suspensionDir, /\.0$/);
    const bytes = await readFile(shard as string);
    bytes[40] = (bytes[40] as number) ^ 255;
    await writeFile(shard as string, bytes);
    const [listed] = await all(runtime.listRuns({ state: 'damaged' }));
    expect(listed).toMatchObject({ state: 'damaged' });
    expect(await runtime.eraseRuns({ suspensionId: listed?.suspensionId as string })).toBe(1);
    expect(await all(runtime.listRuns())).toEqual([]);
    expect(await filesOf(suspensionDir, /\.\d+$/)).toEqual([]);
  });
});

async function filesOf(directory: string, name: RegExp): Promise<string[]> {
  const found = await readdir(directory, { recursive: true });
  return found.filter((one) => name.test(one) && !one.includes('due')).map((one) => join(directory, one));
}
