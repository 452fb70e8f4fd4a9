import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CapabilityToken, createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(() => runtime.shutdown());

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  toJSON(): unknown {
    return { amount: this.#cents / 100 };
  }
}

const capabilities: readonly CapabilityToken[] = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
  'ext:*',
];
const echo = (args: unknown, toJSON?: boolean) =>
  runtime.executeHandler('return $args', { args }, toJSON === undefined ? {} : { toJSON });

describe('toJSON of what the application passes', () => {
  it('is not asked without the option: an instance of a class is refused', async () => {
    await expect(echo({ price: new Money(150) })).rejects.toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: 'args.price' },
    });
    await expect(echo({ price: new Money(150) }, false)).rejects.toMatchObject({ code: 'SERIALIZATION_ERROR' });
  });

  it('counts with it, in arguments, scope and state, at any depth', async () => {
    const given = { prices: new Map([['a', [new Money(150)]]]), url: new URL('https://a.b/c') };
    const context = { args: given, scope: given, stateSnapshot: given, capabilities };
    const { returnValue } = await runtime.executeHandler('return [$args, $scope, { ...$state }]', context, {
      toJSON: true,
    });
    const seen = { prices: new Map([['a', [{ amount: 1.5 }]]]), url: 'https://a.b/c' };
    expect(returnValue).toEqual([seen, seen, seen]);
  });

  it('counts for the state itself', async () => {
    const stateSnapshot = Object.assign(Object.create({ toJSON: () => ({ n: 1 }) }), { other: 2 }) as Record<
      string,
      unknown
    >;
    const { returnValue } = await runtime.executeHandler(
      'return { ...$state }',
      { stateSnapshot, capabilities },
      { toJSON: true },
    );
    expect(returnValue).toEqual({ n: 1 });
  });

  it('is not asked of what crosses by itself', async () => {
    const error = Object.assign(new TypeError('e'), { toJSON: () => 'an error' });
    const given = [new Date(5), Buffer.from('ab'), /x/, error];
    for (const value of given) Object.defineProperty(value, 'toJSON', { value: () => 'wrong', enumerable: false });
    const [date, bytes, regExp, thrown] = (await echo(given, true)).returnValue as [Date, Uint8Array, RegExp, Error];
    expect([date, bytes, regExp]).toEqual([new Date(5), new Uint8Array([97, 98]), /x/]);
    expect(thrown).toBeInstanceOf(TypeError);
  });

  it('keeps one object one, and asks once', async () => {
    let asked = 0;
    const shared = {
      toJSON: () => {
        asked++;
        return { n: 1 };
      },
    };
    const args = [shared, { again: shared }];
    const { returnValue } = await runtime.executeHandler(
      'return $args[0] === $args[1].again',
      { args },
      { toJSON: true },
    );
    expect([returnValue, asked]).toEqual([true, 1]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a cycle', { it: { toJSON: () => cyclic } }, 'args.it.self', /cycle/],
    ['a function', { it: { toJSON: () => () => {} } }, 'args.it', /function/],
    ['what never ends', { it: endless() }, 'args.it', /deeper than/],
    [
      'an error',
      {
        it: {
          toJSON: () => {
            throw new Error('no');
          },
        },
      },
      'args.it',
      /cannot be read: Error: no/,
    ],
  ])('that returns %s is refused with the path', async (_title, args, path, message) => {
    const rejection = echo(args, true);
    await expect(rejection).rejects.toMatchObject({ code: 'SERIALIZATION_ERROR' });
    await expect(rejection).rejects.toThrow(message);
    await expect(rejection.catch((error) => String(error.context.path).startsWith(path))).resolves.toBe(true);
  });

  it('that is no boolean is INVALID_ARGUMENT', async () => {
    await expect(echo(1, 'yes' as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { field: 'toJSON' },
    });
  });
});

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

function endless(): unknown {
  return { toJSON: () => ({ next: endless() }) };
}

describe('toJSON of an answer', () => {
  const extensions = { shop: { price: async () => new Money(250) } };
  const source = 'return await $ext.shop.price()';

  it('counts in run', async () => {
    const result = await runtime.run(source, { capabilities }, { extensions, toJSON: true });
    expect(result.returnValue).toEqual({ amount: 2.5 });
    const without = await runtime.run(source, { capabilities }, { extensions });
    expect(without.error?.message).toContain('instance of Money');
  });

  it('counts for resumeHandler, by its own option', async () => {
    const answer = { success: true, value: new Money(250) } as const;
    const suspend = async () => (await runtime.executeHandler(source, { capabilities })).suspension?.suspensionId ?? '';
    const id = await suspend();
    await expect(runtime.resumeHandler(id, answer)).rejects.toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect((await runtime.resumeHandler(id, answer, { toJSON: true })).returnValue).toEqual({ amount: 2.5 });
  });
});

describe('toJSON of what leaves', () => {
  const MODEL = 'class Model { #n; constructor(n) { this.#n = n } toJSON() { return { n: this.#n } } };';
  const execute = (source: string, options = {}) =>
    runtime.executeHandler(
      `${MODEL} ${source}`,
      { capabilities, stateSnapshot: { held: {} } },
      { toJSON: true, ...options },
    );

  it('counts by every way out', async () => {
    const result = await execute(`
      $emit('e', [new Model(1)]);
      $view.focus('c', new Model(2));
      $state.a = new Model(3);
      $state.held.b = { m: new Model(4) };
      return { m: new Map([[1, new Model(5)]]), u: new URL('https://a.b'), d: new Date(5) }`);
    expect(result.error).toBeUndefined();
    expect(result.events[0]?.payload).toEqual([{ n: 1 }]);
    expect(result.viewCommands[0]?.args).toEqual([{ n: 2 }]);
    expect(result.stateMutations.map(({ value }) => value)).toEqual([{ n: 3 }, { b: { m: { n: 4 } } }]);
    expect(result.returnValue).toEqual({ m: new Map([[1, { n: 5 }]]), u: 'https://a.b/', d: new Date(5) });
    const call = await execute('await $ext.a.b(new Model(6))');
    expect(call.suspension?.calls[0]?.args).toEqual([{ n: 6 }]);
  });

  it('counts after a suspension as it began', async () => {
    const { suspension } = await execute('await $ext.a.b(); return new Model(7)');
    const resumed = await runtime.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 1 });
    expect(resumed.returnValue).toEqual({ n: 7 });
  });

  it('leaves an instance of a class a plain object without the option', async () => {
    expect((await execute('return new Model(1)', { toJSON: false })).returnValue).toEqual({});
  });

  it('may do what a handler may do: its effects count', async () => {
    const result = await execute(
      `return { toJSON() { $emit('late', 1); $state.held.b = 2; $state.c = 3; return 'done' } }`,
    );
    expect(result).toMatchObject({ status: 'success', returnValue: 'done', events: [{ name: 'late', payload: 1 }] });
    expect(result.stateMutations).toEqual(
      expect.arrayContaining([
        { operation: 'set', key: 'held', value: { b: 2 } },
        { operation: 'set', key: 'c', value: 3 },
      ]),
    );
  });

  it.each([
    ['throws', `{ toJSON() { throw new RangeError('no') } }`, 'EXECUTION_ERROR', /RangeError: no/],
    ['never ends', '{ toJSON() { for (;;); } }', 'TIMEOUT', /timeoutMs/],
    [
      'returns itself inside',
      '{ toJSON() { return { it: this } } }',
      'SERIALIZATION_ERROR',
      /returnValue\.it is .*cycle/,
    ],
    [
      'returns more of the same',
      '(function f() { return { toJSON: () => [f()] } })()',
      'SERIALIZATION_ERROR',
      /nested/,
    ],
    ['returns a function', '{ toJSON() { return () => 1 } }', 'SERIALIZATION_ERROR', /returnValue is a function/],
  ])('that %s is an error', async (_title, expression, code, message) => {
    const { error } = await execute(`return ${expression}`, { timeoutMs: 300 });
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
  });

  it('is not asked of an extension, which has every method', async () => {
    const { error, unawaitedCalls } = await execute('return { it: $ext.shop }');
    expect(error?.message).toContain('returnValue.it is an extension');
    expect(unawaitedCalls).toBeUndefined();
  });
});

describe('an accessor of what is returned', () => {
  const execute = (source: string, context = {}) =>
    runtime.executeHandler(source, { capabilities, ...context }, { timeoutMs: 300 });

  it('may do what a handler may do: its effects count', async () => {
    const source = "return { get it() { $emit('late', 1); $state.held.b = 2; return 'done' } }";
    expect(await execute(source, { stateSnapshot: { held: {} } })).toMatchObject({
      status: 'success',
      returnValue: { it: 'done' },
      events: [{ name: 'late', payload: 1 }],
      stateMutations: [{ operation: 'set', key: 'held', value: { b: 2 } }],
    });
  });

  it('may not do what the handler may not do', async () => {
    const context = { stateSnapshot: { held: {} }, capabilities: ['state:read:*'] };
    const emitting = await execute("return { get it() { $emit('late', 1) } }", context);
    expect(emitting.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'events:emit:late' } });
    const changing = await execute('return { get it() { $state.held.b = 2 } }', context);
    expect(changing.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'state:write:held' } });
    expect(changing.stateMutations).toEqual([]);
  });

  it.each([
    ['throws', "{ get it() { throw new RangeError('no') } }", 'EXECUTION_ERROR', /RangeError: no/],
    ['throws what cannot leave', '{ get it() { throw new Map().keys() } }', 'EXECUTION_ERROR', /cannot leave/],
    ['never ends', '{ get it() { for (;;); } }', 'TIMEOUT', /timeoutMs/],
    [
      'gives one more of itself',
      '(function f() { return { get it() { return f() } } })()',
      'SERIALIZATION_ERROR',
      /nested/,
    ],
  ])('that %s is an error, with the effects so far', async (_title, expression, code, message) => {
    const { error, events } = await execute(`$emit('e', 1); return ${expression}`);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
    expect(code === 'TIMEOUT' || events.length === 1).toBe(true);
  });
});

describe('a RegExp that one side refuses', () => {
  it('is an error with its path when it is Node', async () => {
    // The engine takes names of groups twice; versions of V8 that do so, too, give it back.
    const source = `$emit('e', [new RegExp('(?<a>x)|(?<a>y)')])`;
    const { error, events } = await runtime.executeHandler(source, { capabilities });
    if (error === undefined) expect(String((events[0]?.payload as RegExp[])[0])).toBe('/(?<a>x)|(?<a>y)/');
    else expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path: 'events[0].payload[0]' } });
  });

  it('is an error that names it when it is the engine', async () => {
    // A source that is none: V8 has none that the engine refuses, at this version.
    const args = Object.defineProperty(/x/, 'source', { value: '(?<a' });
    const { error } = await runtime.executeHandler('return 1', { args });
    expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(error?.message).toContain('/(?<a/');
    const answer = { success: true, value: args } as const;
    const { suspension } = await runtime.executeHandler('return await $ext.a.b()', { capabilities });
    const resumed = await runtime.resumeHandler(suspension?.suspensionId ?? '', answer);
    expect(resumed.error).toMatchObject({ code: 'SERIALIZATION_ERROR' });
  });
});
