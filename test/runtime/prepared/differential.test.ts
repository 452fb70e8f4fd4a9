import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoded, type Prepared, type WasmContext, type WasmResult } from '#src/index.js';
import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';
import { exampleValue, PROGRAMS } from './values.js';

const CAPABILITIES = ['state:read:*', 'state:write:*', 'events:emit:*'];

/** Where the value is in a context, and how a handler finds it. */
const PLACES: readonly { name: string; find: string; context: (value: object) => WasmContext; times?: number }[] = [
  { name: 'args', find: '$args', context: (args) => ({ args }) },
  { name: 'in args', find: '$args.a[1].b', context: (b) => ({ args: { a: [0, { b }] } }) },
  { name: 'scope', find: '$scope', context: (scope) => ({ scope }) },
  { name: 'the state', find: '$state', context: (stateSnapshot) => ({ stateSnapshot }) },
  {
    name: 'a key of the state',
    find: '$state.k',
    context: (k) => ({ stateSnapshot: { other: { x: 1 }, k } }),
    times: 4,
  },
  { name: 'in a key of the state', find: '$state.k.v', context: (v) => ({ stateSnapshot: { k: { v, w: [1] } } }) },
  { name: 'two places', find: '$state.k', context: (k) => ({ stateSnapshot: { k, l: [k] }, args: [k] }) },
  {
    name: 'twice in a Map',
    find: '$args.get("a")',
    context: (v) => ({
      args: new Map([
        ['a', v],
        ['b', v],
      ]),
    }),
  },
  {
    name: 'beside MessagePack',
    find: '$args',
    context: (args) => ({ args, scope: encoded(Buffer.of(0x93, 1, 2, 3)) }),
  },
];

/** What a caller can tell of a result. */
function told({ metrics: _, ...result }: WasmResult): unknown {
  return result;
}

let runtime: TestRuntime;
let prepared: Prepared;
beforeAll(async () => {
  runtime = await createTestRuntime({ maxStateMutations: 5 });
  prepared = await runtime.prepare(exampleValue());
});
afterAll(() => runtime.shutdown());

async function compare(
  code: string,
  context: (value: object) => WasmContext,
  rights: Partial<WasmContext> = {},
  times = 1,
) {
  const execute = (value: object) =>
    runtime.executeHandler(code, { capabilities: CAPABILITIES, ...context(value), ...rights });
  const expected = told(await execute(exampleValue()));
  // From the third time on, the handler has an image of its own.
  for (let i = 0; i < times; i++) expect(told(await execute(prepared)), code).toEqual(expected);
}

describe('a prepared value', () => {
  for (const { name, find, context, times } of PLACES) {
    it(`is the value itself as ${name}, for every program`, async () => {
      for (const program of PROGRAMS) await compare(`const v = ${find};\n${program}`, context, {}, times);
    });
  }

  it('is the same object in all its places', async () => {
    const code = 'return [$args[0] === $state.k, $state.l[0] === $state.k, $args[0] === $args[1]]';
    await compare(code, (k) => ({ stateSnapshot: { k, l: [k] }, args: [k, k] }));
    await compare('$state.number = 3; return [$args.number, $state.list === $args.list]', (v) => ({
      stateSnapshot: v,
      args: v,
    }));
  });

  it('may be changed only by those who may change the key', async () => {
    const rights = { capabilities: ['state:read:*', 'state:write:other'] };
    for (const program of PROGRAMS) {
      const code = `const v = $state.k; $state.other.x = 2;\n${program}`;
      await compare(code, (k) => ({ stateSnapshot: { other: { x: 1 }, k } }), rights);
    }
  });

  it('shows no key of the state that may not be read', async () => {
    const code = 'return [Object.keys($state), $state.text, $state.has("number")]';
    await compare(code, (v) => ({ stateSnapshot: v }), { capabilities: ['state:read:te*', 'state:read:list'] });
    await compare('return $state.number', (v) => ({ stateSnapshot: v }), { capabilities: ['state:read:text'] });
    await compare('return Object.keys($state)', (k) => ({ stateSnapshot: { k, l: 1 } }), {
      capabilities: ['state:read:l'],
    });
  });

  it('may be a primitive, or one of several', async () => {
    const others = await Promise.all(
      [5, 'five', undefined, null, [1, 2], new Map([[1, 2]])].map((v) => runtime.prepare(v)),
    );
    const code = 'return [$args, $args[4] !== $scope]';
    const args = [5, 'five', undefined, null, [1, 2], new Map([[1, 2]])];
    const expected = await runtime.executeHandler(code, { args, scope: [1, 2] });
    const result = await runtime.executeHandler(code, { args: others, scope: await runtime.prepare([1, 2]) });
    // Values that are encoded alike are objects of their own.
    expect(result.returnValue).toEqual(expected.returnValue);
  });

  it('works with artifacts, toJSON, a seed and audits', async () => {
    const artifact = await runtime.precompileHandler('return [$args.list.length, Math.random()]');
    const itself = await runtime.executeCompiledHandler(artifact, { args: exampleValue() }, { seed: 1, toJSON: true });
    const result = await runtime.executeCompiledHandler(artifact, { args: prepared }, { seed: 1, toJSON: true });
    expect(told(result)).toEqual(told(itself));
    const withJson = await runtime.prepare({ id: { toJSON: () => 'seven' } }, { toJSON: true });
    expect((await runtime.executeHandler('return $args.id', { args: withJson })).returnValue).toBe('seven');
  });

  it('is changed in the copy of an execution alone', async () => {
    const code = 'const was = $args.list.length; $args.list.push(was); Array.prototype.push = 0; return was';
    for (let i = 0; i < 5; i++) expect((await runtime.executeHandler(code, { args: prepared })).returnValue).toBe(4);
  });
});
