import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { ALL_CAPABILITIES, createExecutor, runInThread } from '../../support/executor.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

const run = (source: string, args: unknown, stateSnapshot: Record<string, unknown> = {}) =>
  runInThread(executor, source, { args, stateSnapshot, capabilities: ALL_CAPABILITIES });

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\ud800', 'a\udc00b', ''),
);
const key = fc.oneof(
  text,
  fc.constantFrom('__proto__', 'constructor', 'then', 'length', '0', '17', '-1', '4294967295'),
);

const { value } = fc.letrec<{ value: unknown; leaf: unknown; record: Record<string, unknown> }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      null,
      undefined,
      true,
      false,
      Number.NaN,
      -0,
      0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    text,
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.oneof(fc.int16Array(), fc.float64Array(), fc.float32Array(), fc.uint8ClampedArray(), fc.uint32Array()),
    fc.bigInt64Array(),
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
    fc.constantFrom(/a/, /(?<name>\d+)\/\n/giu, /^[^\]]*$/ms, /\p{L}/u, /é日\ud800/d),
  ),
  record: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('record'),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc
      .record({
        type: fc.constantFrom(Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError),
        message: text,
        cause: tie('value'),
        fields: tie('record'),
      })
      .map(({ type, message, cause, fields }) => {
        const { name: _n, message: _m, stack: _s, __proto__: _p, ...own } = fields as Record<string, unknown>;
        return Object.assign(new type(message, { cause }), own);
      }),
  ),
}));

/** Equal in type and content; of errors all that crosses. */
function sameValue(a: unknown, b: unknown): boolean {
  if (!(a instanceof Error) || !(b instanceof Error)) return isDeepStrictEqual(withoutErrors(a), withoutErrors(b));
  return isDeepStrictEqual(describeError(a), describeError(b));
}

function describeError(error: Error): unknown {
  return [
    'error',
    Object.getPrototypeOf(error).constructor.name,
    error.name,
    error.message,
    withoutErrors({ ...error }),
    withoutErrors(error.cause),
  ];
}

/** Errors compare only by message and name. Here, all their properties are compared. */
function withoutErrors(tree: unknown): unknown {
  if (tree instanceof Error) return describeError(tree);
  if (Array.isArray(tree)) return tree.map(withoutErrors);
  if (tree instanceof Map) return new Map([...tree].map(([k, v], i) => [`${i}`, [withoutErrors(k), withoutErrors(v)]]));
  if (tree instanceof Set) return ['set', [...tree].map(withoutErrors)];
  if (tree === null || typeof tree !== 'object' || ArrayBuffer.isView(tree)) return tree;
  if (tree instanceof Date || tree instanceof ArrayBuffer || tree instanceof RegExp) return tree;
  return Object.entries(tree).map(([k, v]) => [k, withoutErrors(v)]);
}

const property = (check: (given: unknown) => Promise<void>) =>
  fc.assert(fc.asyncProperty(value, check), { numRuns: RUNS });

describe('any value of the contract', () => {
  it('comes back from a handler as it went in', async () => {
    await property(async (given) => {
      const { error, returnValue } = await run('return $args[0]', [given]);
      expect(error).toBeUndefined();
      expect(sameValue(returnValue, given)).toBe(true);
    });
  });

  it('comes out in an event, a view command, a mutation and the arguments of a call as it went in', async () => {
    await property(async (given) => {
      const source = 'const [v] = $args; $emit("e", v); $view.command("v", v); $state.s = v; return [v]';
      const outcome = await run(source, [given]);
      expect(outcome.error).toBeUndefined();
      const seen = [
        outcome.events[0]?.payload,
        outcome.viewCommands[0]?.args[0],
        outcome.stateMutations[0]?.value,
        (outcome.returnValue as unknown[])[0],
      ];
      expect(seen.map((one) => sameValue(one, given))).toEqual([true, true, true, true]);
    });
  });

  it('is no mutation when it is only read, and one when it is changed', async () => {
    await property(async (given) => {
      const state = { held: { given, n: 0 }, other: [given] };
      const reading = await run('return [$state.held.given, $state.other]', 0, state);
      expect(reading.error).toBeUndefined();
      expect(reading.stateMutations).toEqual([]);
      const changing = await run('$state.held.n++', 0, state);
      expect(changing.stateMutations.map((mutation) => mutation.key)).toEqual(['held']);
      expect(sameValue((changing.stateMutations[0]?.value as { given: unknown }).given, given)).toBe(true);
    });
  });
});

describe('objects', () => {
  const shared = { n: 1 };
  const map = new Map<unknown, unknown>([['s', shared]]);
  const given = {
    list: [shared, shared],
    map,
    again: map,
    set: new Set([shared, map]),
    error: new Error('x', { cause: shared }),
  };

  it('objects that occur more than once stay one on the way in', async () => {
    const source = `
      const { list, map, again, set, error } = $args;
      return [list[0] === list[1], map === again, map.get('s') === list[0], set.has(list[0]), set.has(map), error.cause === list[0],
        map instanceof Map, set instanceof Set, error instanceof Error];
    `;
    expect((await run(source, given)).returnValue).toEqual(Array(9).fill(true));
  });

  it('objects that occur more than once stay one on the way out', async () => {
    const source = `
      const shared = { n: 1 };
      const map = new Map([['s', shared]]);
      return { list: [shared, shared], map, again: map, set: new Set([shared, map]), error: new Error('x', { cause: shared }) };
    `;
    const { list, map, again, set, error } = (await run(source, 0)).returnValue as typeof given;
    expect(list[0]).toBe(list[1]);
    expect(map).toBe(again);
    expect([map.get('s'), error.cause]).toEqual([shared, shared]);
    expect([map.get('s') === list[0], set.has(list[0] as never), set.has(map), error.cause === list[0]]).toEqual(
      Array(4).fill(true),
    );
  });

  it.each([
    ['an object', 'const a = {}; a.b = { c: a }; return a', 'returnValue.b.c'],
    ['an array', 'const a = []; a[1] = [a]; return { a }', 'returnValue.a[1][0]'],
    ['a Map', 'const m = new Map(); m.set("k", { m }); return [m]', 'returnValue[0][0].m'],
    ['a Set', 'const s = new Set(); s.add([s]); return s', 'returnValue[0][0]'],
    ['an error', 'const e = new Error(); e.cause = { e }; return e', 'returnValue.cause.e'],
    ['an event', 'const a = {}; a.a = a; $emit("e", a)', '$emit payload.a'],
  ])('objects in a cycle through %s are an error with its path', async (_title, source, path) => {
    const { error } = await run(source, 0);
    expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path } });
    expect(error?.message).toContain('cycle');
  });

  it('objects in a cycle lose nothing of what happened beside them', async () => {
    const source = '$emit("a", 1); $log("l"); $state.ok = 1; const o = {}; o.list = [{ o }]; return o';
    const outcome = await run(source, 0);
    expect(outcome).toMatchObject({
      status: 'error',
      error: { code: 'SERIALIZATION_ERROR', context: { path: 'returnValue.list[0].o' } },
      events: [{ name: 'a' }],
      logs: [{ message: 'l' }],
      stateMutations: [{ key: 'ok', value: 1 }],
    });
  });

  it.each([
    ['a Map', () => new Map().set('k', undefined), 'args[0]'],
    ['a Set', () => new Set(), 'args[0]'],
  ])('objects in a cycle through %s are refused with its path on the way in', async (_title, make, path) => {
    const container = make();
    if (container instanceof Map) container.set('k', container);
    else container.add(container);
    await expect(run('return 1', container)).rejects.toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path } });
  });
});

describe('an error', () => {
  it('comes out with its name, message, fields and the stack of the guest', async () => {
    const source =
      '\nclass OddError extends RangeError { name = "OddError"; code = 7 }\nreturn new OddError("odd", { cause: 1 })';
    const error = (await run(source, 0)).returnValue as Error & { code: number };
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, error.code, error.cause]).toEqual(['OddError', 'odd', 7, 1]);
    expect(error.stack).toContain('OddError: odd');
    expect(error.stack).toContain('handler.js');
    expect(error.stack).not.toContain('forms');
  });

  it('enters without the stack of the host', async () => {
    const source = 'return [$args.stack, $args instanceof TypeError, $args.message]';
    const [stack, isTypeError, message] = (await run(source, new TypeError('host'))).returnValue as unknown[];
    expect([isTypeError, message]).toEqual([true, 'host']);
    expect(stack ?? '').not.toContain('crossing.test');
  });

  it('an error with a hostile name, message or stack still comes out', async () => {
    const source = `
      const e = new Error('m');
      Object.defineProperty(e, 'name', { get() { throw 1 } });
      Object.defineProperty(e, 'stack', { value: { toString: null } });
      e.message = Symbol.iterator;
      return e;
    `;
    expect((await run(source, 0)).returnValue).toMatchObject({ name: 'Error', message: '' });
  });
});

describe('what only looks like a builtin', () => {
  it.each([
    'Map',
    'Set',
    'Date',
    'Uint8Array',
    'ArrayBuffer',
    'Number',
  ])('%s crosses as the plain object it is', async (name) => {
    const source = `const fake = Object.create(${name}.prototype, { a: { value: 1, enumerable: true } }); $emit('e', fake); return [fake]`;
    const outcome = await run(source, 0);
    expect(outcome.error).toBeUndefined();
    expect(outcome.events[0]?.payload).toEqual({ a: 1 });
    expect(outcome.returnValue).toEqual([{ a: 1 }]);
  });

  it.each([
    ['a WeakMap', 'new WeakMap()', 'WeakMap'],
    ['a promise', '[Promise.resolve(1)]', 'promise'],
    ['a Float16Array', 'new Float16Array(2)', 'typed array'],
    ['a DataView', 'new DataView(new ArrayBuffer(1))', 'DataView'],
    ['a function', '{ f() {} }', 'function'],
  ])('%s does not cross and is named', async (_title, expression, named) => {
    const { error } = await run(`return { it: ${expression} }`, 0);
    expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(error?.context?.['path']).toMatch(/^returnValue\.it/);
    expect(error?.message).toContain(named);
  });
});
