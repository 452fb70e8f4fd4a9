import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, encoded, type JsonText, json, type NexusRuntime, type WasmContext } from '#src/index.js';
import { createTestRuntime } from '#src/testing/index.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(() => runtime.shutdown());

const ALL = ['state:read:*', 'state:write:*'];
/** Each is as well a value of an object, and in an array. */
const TEXTS = [
  'null',
  '-0',
  '1e999',
  '"\\ud800 \\u0000 é 東 \u{1f600}"',
  ' [ 1 , 2.5 , "x" ] ',
  '{"a":1,"b":{"a":2},"a":3}',
  '{"__proto__":{"polluted":1},"constructor":2,"toJSON":3}',
  '{"2":"two","1":"one","b":0,"a":0}',
  JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, name: `n${id}`, tags: [id, null] }))),
];

const returned = async (code: string, context: WasmContext) =>
  (await runtime.executeHandler(code, { capabilities: ALL, ...context })).returnValue;

describe('json', () => {
  it.each(
    TEXTS.map((text) => [text.slice(0, 40), text]),
  )('is what JSON.parse makes of it, wherever a value is: %s', async (_title, text) => {
    const value = JSON.parse(text) as unknown;
    for (const form of [json(text), json(Buffer.from(text))]) {
      expect(await returned('return $args', { args: form })).toStrictEqual(value);
      expect(await returned('return $scope', { scope: form })).toStrictEqual(value);
      expect(await returned('return $state.x', { stateSnapshot: { x: form, y: 1 } })).toStrictEqual(value);
      expect(await returned('return $args', { args: [form, { inner: [form] }] })).toStrictEqual([
        value,
        { inner: [value] },
      ]);
      expect(await returned('return $args.get("k")', { args: new Map([['k', form]]) })).toStrictEqual(value);
    }
  });

  it('keeps the order of keys, and own properties of any name', async () => {
    const text = '{"b":1,"__proto__":2,"a":3,"10":4}';
    expect(await returned('return Object.entries($args).flat().join()', { args: json(text) })).toBe(
      '10,4,b,1,__proto__,2,a,3',
    );
  });

  it('as the state has the keys that may be read, and its changes are mutations', async () => {
    const { returnValue, stateMutations } = await runtime.executeHandler(
      '$state.list.push(2); return Object.keys($state)',
      {
        stateSnapshot: json('{"open":1,"secret":2,"list":[1]}'),
        capabilities: ['state:read:open', 'state:read:list', 'state:write:list'],
      },
    );
    expect(returnValue).toEqual(['open', 'list']);
    expect(stateMutations).toMatchObject([{ operation: 'set', key: 'list', value: [1, 2] }]);
    const read = await runtime.executeHandler('return $state.list.length', {
      stateSnapshot: { list: json('[{"a":1},{"a":2}]') },
      capabilities: ALL,
    });
    expect(read).toMatchObject({ returnValue: 2, stateMutations: [] });
  });

  it('stays one object where it is passed twice, and mixes with values that JSON has not', async () => {
    const text = json('{"n":1}');
    const args = { one: text, two: text, when: new Date(5), set: new Set([1n]), zero: -0 };
    expect(
      await returned('return [$args.one === $args.two, $args.when.getTime(), $args.set.has(1n), 1 / $args.zero]', {
        args,
      }),
    ).toEqual([true, 5, true, Number.NEGATIVE_INFINITY]);
    expect(
      await returned('return [$args.n, $state.m]', {
        args: text,
        stateSnapshot: encoded(Buffer.from('81a16d02', 'hex')),
      }),
    ).toEqual([1, 2]);
  });

  it.each<[string, string | Uint8Array, object]>([
    ['{"a":1,\n "b":}', '{"a":1,\n "b":}', { line: 2, column: 6 }],
    ['nothing', '', { line: 1, column: 1 }],
    ['a value and more', '1 2', { line: 1, column: 3 }],
    ['a missing end', '[1,\n[2', { line: 2, column: 3 }],
    ['a comma too many', '[1,]', { line: 1, column: 4 }],
    ['a name without quotes', '{a:1}', { line: 1, column: 2 }],
    ['a line break in a text', '"a\nb"', { line: 1, column: 3 }],
    ['an unknown escape', '["ok\\n", "\\x"]', { line: 1, column: 11 }],
    ['a number with a leading zero', '{"n":01}', { line: 1, column: 7 }],
    ['a text without an end', `"${'x'.repeat(1_000_000)}`, { line: 1, column: 1_000_002 }],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22]), {}],
  ])('of %s is refused before the handler runs, with the place in the text', async (_title, text, place) => {
    for (const [path, context] of [
      ['args', { args: json(text) }],
      ['stateSnapshot', { stateSnapshot: json(text) }],
      ['stateSnapshot.key[1]', { stateSnapshot: { key: [0, json(text)] } }],
      ['scope.a["b c"]', { scope: { a: { 'b c': json(text) } } }],
    ] as const) {
      const rejection = runtime.executeHandler('return 1', { capabilities: ALL, ...context });
      await expect(rejection).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { field: `context.${path}`, path, ...place },
      });
      await expect(rejection).rejects.toThrow(`context.${path} is json(…), but`);
    }
  });

  it.each(['[1]', '1', 'null', '"x"'])('as the state has to be an object: %s', async (text) => {
    await expect(runtime.executeHandler('return 1', { stateSnapshot: json(text) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { field: 'context.stateSnapshot' },
    });
  });

  it('counts towards maxContextBytes, as text and as a value', async () => {
    const limits = { maxContextBytes: 100_000 };
    const long = json(JSON.stringify('x'.repeat(200_000)));
    const many = json(`[${'{},'.repeat(20_000)}1]`);
    for (const args of [long, many, { inner: many }]) {
      await expect(runtime.executeHandler('return 1', { args }, { limits })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { limit: 'maxContextBytes' },
      });
    }
  });

  it('that is nested too deeply names the path', async () => {
    const args = { inner: json(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) };
    await expect(runtime.executeHandler('return 1', { args })).rejects.toMatchObject({ code: 'SERIALIZATION_ERROR' });
  });

  it.each([[1], [null], [undefined], [{}], [new ArrayBuffer(1)]])('takes no %s', (value) => {
    expect(() => json(value as never)).toThrow(/json\(\) takes JSON as a string or as a Uint8Array/);
  });

  it('takes no half of a surrogate pair, which UTF-8 would lose', () => {
    expect(() => json('"a\ud800"')).toThrow('at index 2');
    expect(() => json('"\u{1f600}"')).not.toThrow();
  });

  it('is no answer of an extension', async () => {
    const extensions = { a: { b: async () => json('1') } };
    const { error } = await runtime.run('return await $ext.a.b()', { capabilities: ['ext:*'] }, { extensions });
    expect(error?.message).toContain('json(…)');
  });

  it('cannot be forged by JSON', async () => {
    const args = JSON.parse('{"Symbol(nexus-runtime.json)":[1]}') as unknown;
    expect(await returned('return $args', { args })).toEqual(args);
  });

  it('cannot be made by a handler', async () => {
    const code = 'return [[], 100, new Uint8Array([0x31]).buffer]';
    expect(await returned(code, {})).toEqual([[], 100, new Uint8Array([0x31]).buffer]);
  });

  it('crosses a suspension, and works in the test kit', async () => {
    const context = (): WasmContext => ({
      stateSnapshot: { list: json('[1,2]') } as { list: JsonText },
      args: json('{"n":3}'),
      capabilities: [...ALL, 'ext:*'],
    });
    const code = 'await $ext.a.b(); $state.list.push($args.n); return $state.list.length';
    const extensions = { a: { b: async () => 1 } };
    const expected = { returnValue: 3, stateMutations: [{ operation: 'set', key: 'list', value: [1, 2, 3] }] };
    expect(await runtime.run(code, context(), { extensions })).toMatchObject(expected);
    const kit = await createTestRuntime();
    try {
      expect(await kit.run(code, context(), { extensions })).toMatchObject(expected);
    } finally {
      await kit.shutdown();
    }
  });
});
