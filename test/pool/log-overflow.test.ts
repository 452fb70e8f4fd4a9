import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CapabilityToken, createRuntime, NexusError, type NexusRuntime, type WasmResult } from '#src/index.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(() => runtime.shutdown());

const capabilities: readonly CapabilityToken[] = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
  'ext:*',
];
const limits = { maxLogBytes: 10 };
const execute = (source: string, options = {}) =>
  runtime.executeHandler(source, { capabilities }, { limits, ...options });
const lines = ({ logs }: WasmResult) => logs.map(({ level, message, omitted }) => [level, omitted ?? message]);

describe('a log of more than maxLogBytes', () => {
  it('keeps the result, and is cut with a last entry that counts what is missing', async () => {
    const result = await execute(
      "for (const n of [1, 2, 3, 4]) console.info('line ' + n); $emit('e', 1); return 'done'",
    );
    expect(result).toMatchObject({ status: 'success', returnValue: 'done', events: [{ name: 'e', payload: 1 }] });
    expect(lines(result)).toEqual([
      ['info', 'line 1'],
      ['info', 'lin…'],
      ['warn', 3],
    ]);
    expect(result.logs.at(-1)?.message).toBe('The log reached maxLogBytes: 3 entries were cut or left out.');
    // What was left out is no effect.
    expect(result.metrics.hostCalls).toBe(3);
  });

  it('that fits exactly is whole', async () => {
    expect(lines(await execute("$log('12345'); $log('67890')"))).toEqual([
      ['info', '12345'],
      ['info', '67890'],
    ]);
  });

  it('stays full, whatever is logged then', async () => {
    expect(lines(await execute("$log('1234567890'); $log('x'); $log(''); $log.error('y')"))).toEqual([
      ['info', '1234567890'],
      ['warn', 3],
    ]);
  });

  it('has nothing but the count when nothing may be logged', async () => {
    expect(lines(await execute("$log('a'); $log('b')", { limits: { maxLogBytes: 0 } }))).toEqual([['warn', 2]]);
  });

  it('renders nothing that is left out', async () => {
    const source =
      "let asked = 0; const o = { toJSON() { asked++; return 'x'.repeat(20) } }; for (let i = 0; i < 5; i++) $log(o); return asked";
    expect((await execute(source)).returnValue).toBe(1);
  });

  it('is cut once when what is rendered logs as well', async () => {
    const source = "const o = { toJSON() { $log('x'.repeat(20)); return 'inner' } }; $log(o); $log('z')";
    expect(lines(await execute(source))).toEqual([
      ['info', 'xxxxxxxxx…'],
      ['warn', 3],
    ]);
  });

  it('is as long over all segments as it may be, and each says what is missing in it', async () => {
    const source = "$log('123456'); await $ext.a.b(); $log('7890ab'); await $ext.a.b(); $log('c'); return 'done'";
    const first = await execute(source);
    const answer = { success: true, value: 1 } as const;
    const second = await runtime.resumeHandler(first.suspension?.suspensionId ?? '', answer);
    const third = await runtime.resumeHandler(second.suspension?.suspensionId ?? '', answer);
    expect([first, second, third].map(lines)).toEqual([
      [['info', '123456']],
      [
        ['info', '789…'],
        ['warn', 1],
      ],
      [['warn', 1]],
    ]);
    expect(third.returnValue).toBe('done');
    const extensions = { a: { b: async () => 1 } };
    const whole = await runtime.run(source, { capabilities }, { extensions, limits });
    expect(lines(whole)).toEqual([...lines(first), ...lines(second), ...lines(third)]);
  });
});

describe("onLogOverflow: 'error'", () => {
  const tooMuch = "$log('123456'); $log('7890ab'); return 'done'";

  it('ends the handler with RESOURCE_LIMIT at the line that is too much', async () => {
    const result = await execute(`$log('123456');\n$log('7890ab')`, { onLogOverflow: 'error' });
    expect(result.error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxLogBytes', value: 10 },
      location: { line: 2 },
    });
    expect(lines(result)).toEqual([['info', '123456']]);
  });

  it('of the runtime counts unless the call says otherwise', async () => {
    const strict = await createRuntime({ cacheDir: false, maxInstances: 1, maxLogBytes: 10, onLogOverflow: 'error' });
    expect((await strict.executeHandler(tooMuch)).error?.code).toBe('RESOURCE_LIMIT');
    expect((await strict.executeHandler(tooMuch, {}, { onLogOverflow: 'cut' })).returnValue).toBe('done');
    await strict.shutdown();
  });

  it('goes on over a suspension', async () => {
    const source = "$log('123456'); await $ext.a.b(); $log('7890ab')";
    const { suspension } = await execute(source, { onLogOverflow: 'error' });
    const resumed = await runtime.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 1 });
    expect(resumed.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxLogBytes' } });
  });

  it('is one of two, for a call and for a runtime', async () => {
    await expect(execute('return 1', { onLogOverflow: 'drop' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { field: 'onLogOverflow', value: 'drop' },
    });
    const creation = createRuntime({ onLogOverflow: true as never });
    await expect(creation).rejects.toThrow(NexusError);
    await expect(creation).rejects.toMatchObject({ code: 'INVALID_CONFIG', context: { option: 'onLogOverflow' } });
  });

  it('leaves events and view commands the errors that they are', async () => {
    for (const [limit, source] of [
      ['maxEvents', "$emit('a'); $emit('b')"],
      ['maxViewCommands', "$view.focus('a'); $view.focus('b')"],
    ] as const) {
      const { error } = await execute(source, { limits: { [limit]: 1 } });
      expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit } });
    }
  });
});
