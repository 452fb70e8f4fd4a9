import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFromEnv, createRuntime, type NexusRuntime } from '#src/index.js';

const SHOWN = `[
  (1234.5).toLocaleString(), new Date(0).toLocaleString(), String(new Date(0)), new Date(1970, 0, 1).getTime(),
  Intl.DateTimeFormat().resolvedOptions().timeZone, new Intl.NumberFormat().resolvedOptions().locale]`;
const IN_BERLIN = [
  '1.234,5',
  '1.1.1970, 01:00:00',
  'Thu Jan 01 1970 01:00:00 GMT+0100 (Central European Standard Time)',
  -3_600_000,
  'Europe/Berlin',
  'de-DE',
];
const ANYWHERE = [
  '1,234.5',
  '1/1/1970, 12:00:00 AM',
  'Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)',
  0,
  'UTC',
  'en-US',
];
const BERLIN = { locale: 'de-DE', timeZone: 'Europe/Berlin' };

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

describe('locale and time zone', () => {
  it('are en-US and UTC, wherever the process runs', async () => {
    expect((await runtime.executeHandler(`return ${SHOWN}`)).returnValue).toEqual(ANYWHERE);
  });

  it('are those of the call, and of no later one', async () => {
    expect((await runtime.executeHandler(`return ${SHOWN}`, {}, BERLIN)).returnValue).toEqual(IN_BERLIN);
    expect((await runtime.executeHandler(`return ${SHOWN}`)).returnValue).toEqual(ANYWHERE);
    const { returnValue } = await runtime.run(`return ${SHOWN}`, {}, { ...BERLIN, locale: 'en-US' });
    expect(returnValue).toEqual(['1,234.5', '1/1/1970, 1:00:00 AM', ...IN_BERLIN.slice(2, 5), 'en-US']);
  });

  it('are those of the runtime, unless the call has others', async () => {
    await using ours = await createRuntime({ cacheDir: false, maxInstances: 1, ...BERLIN });
    expect((await ours.executeHandler(`return ${SHOWN}`)).returnValue).toEqual(IN_BERLIN);
    const other = await ours.executeHandler(`return ${SHOWN}`, {}, { locale: 'en-US', timeZone: 'UTC' });
    expect(other.returnValue).toEqual(ANYWHERE);
  });

  it('come from the environment', () => {
    expect(configFromEnv({ NEXUS_TIME_ZONE: 'Asia/Tokyo', NEXUS_LOCALE: 'ja-JP' })).toEqual({
      timeZone: 'Asia/Tokyo',
      locale: 'ja-JP',
    });
  });

  it('that do not exist are refused by name', async () => {
    for (const [option, value] of [
      ['timeZone', 'Europe/Bern'],
      ['locale', 'de_DE'],
      ['locale', 'xx'],
      ['timeZone', ''],
      ['locale', 5],
    ] as const) {
      await expect(createRuntime({ cacheDir: false, [option]: value })).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
        message: expect.stringContaining(`${option} is ${JSON.stringify(value)}`),
      });
      await expect(runtime.executeHandler('return 1', {}, { [option]: value })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(`${option} is ${JSON.stringify(value)}`),
      });
    }
  });

  it('go on with a suspended handler in another runtime, and so do its objects of Intl', async () => {
    const suspensionDir = await mkdtemp(join(tmpdir(), 'nexus-locale-'));
    try {
      const source = `const format = new Intl.NumberFormat('fr', { style: 'percent' });
        const words = new Intl.Segmenter('en', { granularity: 'word' }).segment('one two')[Symbol.iterator]();
        words.next();
        const before = ${SHOWN};
        await $ext.a.b();
        return [before, ${SHOWN}, format.format(0.5), format.resolvedOptions().style, words.next().value.segment, [...words].length]`;
      const context = { capabilities: ['ext:a.b'] };
      const options = { cacheDir: false as const, maxInstances: 1, suspensionDir };
      const first = await createRuntime(options);
      const { suspension } = await first.executeHandler(source, context, BERLIN);
      await first.shutdown();
      await using second = await createRuntime({ ...options, locale: 'ja-JP', timeZone: 'Asia/Tokyo' });
      const resumed = await second.resumeHandler(String(suspension?.suspensionId), { success: true, value: 1 });
      expect(resumed.returnValue).toEqual([IN_BERLIN, IN_BERLIN, expect.stringMatching(/^50\s%$/), 'percent', ' ', 1]);
    } finally {
      await rm(suspensionDir, { recursive: true });
    }
  });

  it('of a library count when it is used, not when it is initialised', async () => {
    const source =
      'const date = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }); module.exports = () => date.format(0)';
    await using ours = await createRuntime({ cacheDir: false, maxInstances: 1, libraries: { clock: { source } } });
    const { returnValue, error } = await ours.executeHandler('return $lib.clock()', {}, BERLIN);
    expect(error).toBeUndefined();
    expect(returnValue).toBe('01:00');
  });

  it('changes no count of instructions of a handler that has nothing to do with them', async () => {
    const source = 'let n = 0; for (let i = 0; i < 1e4; i++) n += i; return n';
    const [one, other] = [await runtime.executeHandler(source), await runtime.executeHandler(source, {}, BERLIN)];
    expect(one.metrics.instructionCount).toBe(other.metrics.instructionCount);
  });

  it('a call of ICU counts as 100 instructions, and an endless loop of them ends with TIMEOUT', async () => {
    const calls = (count: number) =>
      runtime.executeHandler(`const f = new Intl.NumberFormat('de'); for (let i = 0; i < $args; i++) f.format(i)`, {
        args: count,
      });
    const [few, many] = [await calls(100), await calls(1_100)];
    const each = (many.metrics.instructionCount - few.metrics.instructionCount) / 1_000;
    expect(each).toBeGreaterThanOrEqual(100);
    expect(each).toBeLessThan(150);
    const endless = await runtime.executeHandler(
      "for (let i = 0; ; i++) new Date(i).toLocaleString('de-x-' + (i % 1e4), { dateStyle: 'full' })",
      {},
      { timeoutMs: 50 },
    );
    expect(endless.error?.code).toBe('TIMEOUT');
    const spent = await runtime.executeHandler(
      "for (;;) (1).toLocaleString('de')",
      {},
      { limits: { maxInstructions: 50_000 } },
    );
    expect(spent.error).toMatchObject({ code: 'RESOURCE_LIMIT' });
  });
});
