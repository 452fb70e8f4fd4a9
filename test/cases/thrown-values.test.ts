import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmError } from '#src/index.js';
import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';

let runtime: NexusRuntime;
let kit: TestRuntime;
beforeAll(async () => {
  [runtime, kit] = await Promise.all([
    createRuntime({ cacheDir: false, maxInstances: 1, metrics: false }),
    createTestRuntime({ cacheDir: false }),
  ]);
});
afterAll(() => Promise.all([runtime?.shutdown(), kit?.shutdown()]));

type Route = (source: string, options?: object) => Promise<WasmError | undefined>;
const ROUTES: [string, Route][] = [
  ['from its source', async (source, options) => (await runtime.executeHandler(source, {}, options)).error],
  [
    'suspended and resumed',
    async (source, options) => {
      const asked = `await $ext.wait.here(); ${source}`;
      const waiting = await runtime.executeHandler(asked, { capabilities: ['ext:*'] }, options);
      const { suspensionId = '' } = waiting.suspension ?? {};
      return (await runtime.resumeHandler(suspensionId, { success: true, value: 1 }, options)).error;
    },
  ],
  ['in the test kit', async (source, options) => (await kit.executeHandler(source, {}, options)).error],
];

const PRIMITIVES = ['undefined', 'null', 'NaN', '0', '-0', "''", "'text'", 'true', 'false', '5n', 'Infinity'];

const OBJECTS: [string, thrown: string, expected: object][] = [
  [
    'with a function',
    "{ f() {}, a: 1, name: 'Named', message: 'told' }",
    {
      message:
        'The handler threw an object that is not an Error (Named: told); thrown.f is a function, which cannot leave the VM',
      name: 'Named',
      dropped: ['f'],
      context: { thrown: { a: 1, name: 'Named', message: 'told' } },
    },
  ],
  [
    'that contains itself',
    '(() => { const it = { a: 1 }; it.self = it; return it })()',
    { message: expect.stringContaining('(a cycle)'), dropped: ['self'], context: { thrown: { a: 1 } } },
  ],
  [
    'with a getter that throws',
    "{ a: 1, get b() { throw new RangeError('no') } }",
    {
      message: 'The handler threw an object that is not an Error; thrown.b cannot be read: no',
      dropped: ['b'],
      context: { thrown: { a: 1 } },
    },
  ],
  ['with a getter that throws nothing', '{ a: 1, get b() { throw undefined } }', { dropped: ['b'] }],
  [
    'that is a proxy whose traps throw',
    'new Proxy({ a: 1 }, { ownKeys() { throw 1 } })',
    { message: 'The handler threw an object that is not an Error; thrown cannot be read', dropped: ['thrown'] },
  ],
  [
    'that is a revoked proxy',
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
    { dropped: ['thrown'] },
  ],
  [
    'of a class, with its name and message',
    "new (class Problem { name = 'Problem'; get message() { return 'told' } hide = () => 1 })()",
    { message: expect.stringContaining('(Problem: told); thrown.hide is a function'), dropped: ['hide'] },
  ],
  [
    'that is a list',
    '[1, () => 1]',
    { message: expect.stringContaining('; thrown[1] is a function'), dropped: ['thrown'] },
  ],
  ['that is a Map', 'new Map([[1, () => 1]])', { dropped: ['thrown'] }],
  ['that is a promise', 'Promise.resolve()', { message: expect.stringContaining('thrown is a promise') }],
  [
    'that can leave',
    "{ code: 'E', message: 'told' }",
    {
      message: 'The handler threw an object that is not an Error (told)',
      context: { thrown: { code: 'E', message: 'told' } },
    },
  ],
];

describe.each(ROUTES)('what is thrown by a handler, %s,', (_title, route) => {
  it.each(PRIMITIVES)('has a place: %s', async (value) => {
    const error = await route(`\n\n  throw ${value};`);
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      location: { line: 3, column: 3 },
      snippet: expect.stringContaining('^'),
    });
    // biome-ignore lint/security/noGlobalEval: the value as the host has it
    expect(Object.is(error?.context?.['thrown'], globalThis.eval(value))).toBe(true);
  });

  it.each([
    ['a symbol', "Symbol('s')", 'Symbol(s)'],
    ['a function', '() => 1', undefined],
    ['a function without a text', 'Object.assign(() => 1, { toString() { throw 1 } })', 'function'],
  ])('has a place: %s', async (_what, value, thrown) => {
    const error = await route(`\n\n  throw ${value};`);
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR', location: { line: 3, column: 3 } });
    if (thrown !== undefined) expect(error?.context).toEqual({ thrown });
  });

  it.each(OBJECTS)('is told as far as it can be, with its place: an object %s', async (_what, thrown, expected) => {
    expect(await route(`\n\n  throw ${thrown};`)).toMatchObject({
      code: 'EXECUTION_ERROR',
      location: { line: 3, column: 3 },
      snippet: expect.stringContaining('^'),
      ...expected,
    });
  });

  it.each(OBJECTS)('is told as a cause, too: an object %s', async (_what, thrown, expected) => {
    const { message, name, dropped, context } = expected as Partial<WasmError>;
    const error = await route(`throw new Error('outer', { cause: ${thrown} })`);
    expect(error).toMatchObject({ message: 'Error: outer', location: { line: 1 } });
    expect(error?.cause).toMatchObject({
      message:
        typeof message === 'string' ? message.replace('The handler threw ', '') : (message ?? expect.any(String)),
      ...(name && { name }),
      ...(dropped && { dropped }),
      ...(context && { thrown: context['thrown'] }),
    });
  });

  it.each([
    ['as its message', "throw new Error('x'.repeat(8_000_000));"],
    ['as a message that it no longer has', "const e = new Error('x'.repeat(8_000_000)); e.message = 'short'; throw e;"],
    ['as a message of two bytes a character', "throw new Error('ä'.repeat(4_000_000));"],
    ['as the message of its class', "class E extends Error {} throw new E('x'.repeat(8_000_000));"],
    ['as its name', "const e = new Error('m'); e.name = 'N'.repeat(8_000_000); throw e;"],
  ])('has a place with eight million characters %s', async (_what, source) => {
    const error = await route(`\n\n  ${source}`);
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR', location: { line: 3 } });
    expect(error?.message.length).toBeLessThan(20_000);
    expect(error?.stack?.length).toBeLessThan(40_000);
    expect(error?.stack).toMatch(/\n {4}at .*handler\.js:3:\d+\)$/);
  });
});

describe('an error with a toJSON', () => {
  const OWN = "Object.assign(new RangeError('m'), { code: 'E', toJSON: () => ({ j: 1 }) })";
  const INHERITED = "new (class Failure extends Error { code = 'E'; toJSON() { return { j: 1 } } })('m')";

  it.each([
    ['of its own', OWN],
    ['of its class', INHERITED],
  ])('%s leaves as an error where toJSON is honoured', async (_what, expression) => {
    const options = { toJSON: true };
    const { returnValue, stateMutations, events, logs, error } = await runtime.executeHandler(
      `const e = ${expression}; console.log(e); $log(e); $state.e = e; $emit('e', e); return [e]`,
      { capabilities: ['state:write:*', 'events:emit:*'] },
      options,
    );
    expect(error).toBeUndefined();
    for (const left of [(returnValue as unknown[])[0], stateMutations[0], events[0]?.payload]) {
      const told = left === stateMutations[0] ? (left as { value: unknown }).value : left;
      expect(told).toBeInstanceOf(Error);
      expect(told).toMatchObject({ message: 'm', code: 'E' });
      expect(Object.keys(told as Error)).not.toContain('toJSON');
    }
    expect(logs).toHaveLength(2);
    for (const { message } of logs) expect(message).toMatch(/^\w*Error: m\n {4}at |^Failure/);
  });

  it.each([
    ['of its own', OWN],
    ['of its class', INHERITED],
  ])('%s is told as the error that it is when it is thrown', async (_what, expression) => {
    const { error } = await runtime.executeHandler(`\nthrow ${expression}`, {}, { toJSON: true });
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: expect.stringMatching(/Error: m$/),
      fields: { code: 'E' },
      location: { line: 2 },
    });
    expect(error?.dropped).toBeUndefined();
  });

  it('of its own is a function, which cannot leave, where it is not honoured', async () => {
    expect((await runtime.executeHandler(`return ${OWN}`)).error).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: 'returnValue.toJSON' },
    });
    expect((await runtime.executeHandler(`throw ${OWN}`)).error).toMatchObject({
      code: 'EXECUTION_ERROR',
      fields: { code: 'E' },
      dropped: ['toJSON'],
    });
  });

  it('enters as an error, in the context and in an answer', async () => {
    const given = Object.assign(new RangeError('m'), { code: 'E', toJSON: () => ({ j: 1 }) });
    const says = '[it instanceof RangeError, it.message, it.code, it.j, typeof it.toJSON]';
    const { returnValue, error } = await runtime.run(
      `const says = (it) => ${says};
      const answer = await $ext.a.value();
      const thrown = await $ext.a.fails().catch((error) => [error.message, error.code, error.j]);
      return [says($args), says($scope.it), says(answer), thrown]`,
      { args: given, scope: { it: given }, capabilities: ['ext:a'] },
      {
        toJSON: true,
        extensions: {
          a: {
            value: () => given,
            fails: () => {
              throw given;
            },
          },
        },
      },
    );
    expect(error).toBeUndefined();
    const told = [true, 'm', 'E', undefined, 'undefined'];
    expect(returnValue).toEqual([told, told, told, ['m', 'E', undefined]]);
  });
});

it('the stack of an error that is returned begins with its name and message, once', async () => {
  const source = "class Own extends Error { name = 'Own' } return [new Error('m'), new Own('n'), new Error()]";
  const { returnValue } = await runtime.executeHandler(source);
  const stacks = (returnValue as Error[]).map(({ stack }) => stack);
  expect(stacks[0]).toMatch(/^Error: m\n {4}at [^\n]*\(handler\.js:1:\d+\)$/);
  expect(stacks[1]).toMatch(/^Own: n\n {4}at Own/);
  expect(stacks[2]).toMatch(/^Error(: )?\n {4}at /);
});
