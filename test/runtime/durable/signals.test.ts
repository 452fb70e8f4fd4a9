import { describe, expect, it, vi } from 'vitest';

import { later, type NexusRuntime, type RuntimeOptions } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { rejection } from '../../suspension/resume-helpers.js';
import { ALL, untilWaits, useRuntimes } from './run-helpers.js';

const { open, folder } = useRuntimes();
/** For the long form: `NEXUS_SIGNALS=10000`. */
const SIGNALS = Number(process.env['NEXUS_SIGNALS'] ?? 24);

/** Gives back the payloads of so many signals, in their order. */
const TAKE = `
  const taken = [];
  for (let i = 0; i < $args.count; i++) taken.push(await $signal('s'));
  return taken;`;

describe.each([
  ['in memory', (): RuntimeOptions => ({})],
  ['in files', (): RuntimeOptions => ({ suspensionDir: folder() })],
])('signals to runs %s', (_title, makeOptions) => {
  it('reach a handler that waits for them, and one that will wait later', async () => {
    const runtime = await open(makeOptions());
    await runtime.work();
    const code = `
      const first = await $signal('paid');
      await $sleep(20);
      const second = await $signal('sent');
      return [first, second];`;
    const run = await runtime.start(code, ALL, { runId: 'order' });
    await untilWaits(runtime, 'order');
    expect((await run.describe()).calls).toMatchObject([{ extensionName: '$signal', method: 'paid', args: [] }]);
    expect(await run.signal('sent', { by: 'post', at: new Date(5) })).toBe('accepted');
    expect(await run.signal('paid', 12)).toBe('accepted');
    expect((await run.result()).returnValue).toEqual([12, { by: 'post', at: new Date(5) }]);
    expect(await run.signal('paid', 13)).toBe('ended');
    expect(await runtime.getRun('nobody').signal('paid')).toBe('unknown');
  });

  it('are not missed before the run begins, and are taken in order, one by each wait', async () => {
    const runtime = await open(makeOptions());
    const run = await runtime.start(TAKE, { ...ALL, args: { count: 4 } }, { runId: 'early' });
    for (const payload of ['a', 'b', 'c']) expect(await run.signal('s', payload)).toBe('accepted');
    await runtime.work();
    await untilWaits(runtime, 'early');
    await run.signal('s', undefined);
    expect((await run.result()).returnValue).toEqual(['a', 'b', 'c', undefined]);
  });

  it('with an id that came before are one', async () => {
    const runtime = await open(makeOptions());
    const run = await runtime.start(TAKE, { ...ALL, args: { count: 2 } }, { runId: 'twice' });
    expect(await run.signal('s', 1, { id: 'one' })).toBe('accepted');
    expect(await run.signal('s', 2, { id: 'one' })).toBe('duplicate');
    await runtime.work();
    await untilWaits(runtime, 'twice');
    expect(await run.signal('s', 3, { id: 'one' })).toBe('duplicate');
    await run.signal('s', 4, { id: 'two' });
    expect((await run.result()).returnValue).toEqual([1, 4]);
  });

  it('reach several waits for one name, each one', async () => {
    const runtime = await open(makeOptions());
    await runtime.work();
    const code = "return await Promise.all([$signal('s'), $signal('s'), $signal('t')])";
    const run = await runtime.start(code, ALL, { runId: 'all' });
    await untilWaits(runtime, 'all', 3);
    await Promise.all(['x', 'y'].map((payload) => run.signal('s', payload)));
    await run.signal('t', 'z');
    const [one, two, other] = (await run.result()).returnValue as string[];
    expect([one, two].sort()).toEqual(['x', 'y']);
    expect(other).toBe('z');
  });

  it('that do not come in time are a TimeoutError at the await, and one that comes later is not lost', async () => {
    const runtime = await open(makeOptions());
    await runtime.work();
    const code = `
      let late;
      try { await $signal('s', { timeout: '0.02s' }) } catch (error) { late = [error.name, error.message] }
      return [late, await $signal('s', { timeout: '1h' })];`;
    const run = await runtime.start(code, ALL, { runId: 'late' });
    await vi.waitFor(async () => expect((await run.describe()).calls).toMatchObject([{ callId: 'c3' }]), {
      timeout: 60_000,
    });
    await run.signal('s', 'now');
    const late = ['TimeoutError', 'No signal "s" came within 20 ms'];
    expect((await run.result()).returnValue).toEqual([late, 'now']);
    expect((await run.describe()).timers).toEqual([]);
  });

  it('and an abandoned wait do not take each other away', async () => {
    const runtime = await open(makeOptions());
    await runtime.work();
    const code = `
      const controller = new AbortController();
      const abandoned = $signal('s', { signal: controller.signal }).catch((error) => error.name);
      controller.abort();
      return [await abandoned, await $signal('s')];`;
    const run = await runtime.start(code, ALL, { runId: 'abandoned' });
    await untilWaits(runtime, 'abandoned');
    await run.signal('s', 1);
    expect((await run.result()).returnValue).toEqual(['AbortError', 1]);
  });

  it('that cannot be passed are refused to who signals, and a full mailbox too', async () => {
    const runtime = await open(makeOptions());
    const run = await runtime.start(TAKE, { ...ALL, args: { count: 1 } }, { runId: 'refused' });
    const refusal = (...given: Parameters<typeof run.signal>) => rejection(run.signal(...given));
    expect(await refusal('s', () => {})).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(await refusal('', 1)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await refusal('n'.repeat(101), 1)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await refusal('s', 1, { id: '' })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await refusal('s', 'x'.repeat(50_000_000))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    // Eight of them fill it.
    const large = 'x'.repeat(8_000_000);
    let full: unknown;
    for (let i = 0; i < 9 && full === undefined; i++)
      full = await run.signal('other', large).then(
        () => undefined,
        (error) => error,
      );
    expect(full).toMatchObject({ code: 'RESOURCE_LIMIT', context: { runId: 'refused', limit: 'mailbox' } });
  });

  it('reach the run once each, before, while and after it waits, from several processes', async () => {
    const options = makeOptions();
    const runtimes: NexusRuntime[] = [await open(options)];
    if (options.suspensionDir !== undefined) runtimes.push(await open(options), await open(options));
    for (const runtime of runtimes) await runtime.work({ extensions: {} });
    const run = await (runtimes[0] as NexusRuntime).start(
      TAKE,
      { ...ALL, args: { count: SIGNALS } },
      { runId: 'many', maxCalls: 1_000_000 },
    );
    const answers: string[] = [];
    const signal = async (index: number) => {
      const sender = runtimes[index % runtimes.length] as NexusRuntime;
      const sent = () => sender.getRun('many').signal('s', index, { id: `${index}` });
      answers.push(await sent());
      // A sender whose answer was lost sends it again.
      if (index % 3 === 0 && index < SIGNALS - 1) answers.push(await sent());
    };
    const senders = Array.from({ length: 8 }, async (_, sender) => {
      for (let index = sender; index < SIGNALS; index += 8) await signal(index);
    });
    await Promise.all(senders);
    const taken = (await run.result()).returnValue as number[];
    expect([...taken].sort((a, b) => a - b)).toEqual(Array.from({ length: SIGNALS }, (_, index) => index));
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(SIGNALS);
  }, 3_600_000);
});

describe('a wait for a signal', () => {
  it('is a call of the caller in executeHandler, and an error in run', async () => {
    const runtime = await open();
    const suspended = await runtime.executeHandler("return await $signal('paid')", ALL);
    const [call] = suspended.suspension?.calls ?? [];
    expect(call).toMatchObject({ extensionName: '$signal', method: 'paid', args: [] });
    const resumed = await runtime.resumeHandler(suspended.suspension?.suspensionId as string, {
      success: true,
      value: 7,
    });
    expect(resumed.returnValue).toBe(7);
    const ran = await runtime.run("return await $signal('paid')", ALL);
    expect(ran.error?.message).toMatch(/\$signal\("paid"\) waits for a signal, which only a run of start can get/);
  });

  it('needs its capability, and cannot be had as an extension', async () => {
    const runtime = await open();
    const run = (code: string, capabilities: string[]) => runtime.executeHandler(code, { capabilities });
    const denied = await run("await $signal('paid')", ['signal:sent', 'timer']);
    expect(denied.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'signal:paid' } });
    const untimed = await run("await $signal('paid', { timeout: 5 })", ['signal:*']);
    expect(untimed.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'timer:sleep' } });
    const named = await run("await $ext['$signal'].paid()", ['signal:*', 'ext:*']);
    expect(named.error?.message).toContain('belongs to the runtime');
    for (const name of ["''", '5', "'n'.repeat(101)"]) {
      expect((await run(`await $signal(${name})`, ['signal:*'])).error?.message).toContain('1 to 100 characters');
    }
    const given = rejection(runtime.run('1', {}, { extensions: { $signal: {} } }));
    expect(await given).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is not answered by the key of its call', async () => {
    const runtime = await open();
    await runtime.work({ extensions: { s: { later: async () => later } } });
    const run = await runtime.start("return await $signal('s')", ALL, { runId: 'key' });
    await untilWaits(runtime, 'key');
    expect(await runtime.completeCall('key:c1', { success: true, value: 1 })).toBe('unknown');
    await run.signal('s', 2);
    expect((await run.result()).returnValue).toBe(2);
  });
});

it('signals are read once each while a call is under way, however many wait in the mailbox', async () => {
  let given = 0;
  class CountingStore extends MemoryStore {
    override async messages(...asked: Parameters<MemoryStore['messages']>) {
      const found = await super.messages(...asked);
      given += found.length;
      return found;
    }
  }
  const runtime = await open({ suspensionStore: new CountingStore() });
  let answer = (_: unknown) => {};
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  let hasBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    hasBegun = resolve;
  });
  const wait = async () => {
    hasBegun();
    return answered;
  };
  await runtime.work({ extensions: { s: { wait } } });
  const code = `
    const all = [await $ext.s.wait()];
    for (let n = 0; n < 20; n++) all.push(await $signal('n'));
    return all;
  `;
  const run = await runtime.start(code, ALL);
  await begun;
  for (let n = 0; n < 20; n++) expect(await run.signal('n', n)).toBe('accepted');
  await vi.waitFor(() => expect(given).toBe(20), { timeout: 20_000 });
  answer('done');
  expect((await run.result()).returnValue).toEqual(['done', ...Array.from({ length: 20 }, (_, n) => n)]);
  expect(given).toBe(20);
});
