import { failure, notTransferable, outOfMemory, overLimit, success, thrown, timeout } from '../lib/outcomes.mjs';
import { COLD_AND_HOT, ONCE } from '../lib/ways.mjs';

export const title = 'hostile results';
export const ways = COLD_AND_HOT;

const context = { stateSnapshot: { n: 1 }, capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'] };

function result(name, source, expect) {
  return { name, source, context, expect };
}

const TOO_LARGE = overLimit('maxResultBytes', 8 * 2 ** 20);

/** Only the host sees what is wrong: it knows that something is, not always where. */

const KINDS = [
  result('a function', 'return () => 1', notTransferable('returnValue')),
  result('a method deep inside', 'return { a: [0, { f() {} }] }', notTransferable('returnValue.a[1].f')),
  result('a symbol', 'return { s: Symbol("s") }', notTransferable('returnValue.s')),
  result(
    'a getter',
    'return { get x() { $emit("called"); return 1 } }',
    success({ x: 1 }, { events: [{ name: 'called', payload: undefined }] }),
  ),
  result(
    'a getter on an array',
    'const a = [1]; Object.defineProperty(a, 0, { get: () => 1, enumerable: true }); return a',
    success([1]),
  ),
  result('a proxy of a Map', 'return new Proxy(new Map([[1, 2]]), {})', notTransferable('returnValue')),
  result(
    'a proxy that says that it is a Map',
    'return new Proxy({}, { getPrototypeOf: () => Map.prototype })',
    notTransferable('returnValue'),
  ),
  result(
    'a RegExp that lies about itself',
    'const r = /a/g; for (const key of ["source", "flags", "global", "toString"]) Object.defineProperty(r, key, { get() { for (;;); } }); return r',
    success((value) => String(value) === '/a/g'),
  ),
  result(
    'methods of RegExp that were replaced',
    'for (const key of ["source", "flags", "global"]) Object.defineProperty(RegExp.prototype, key, { get() { for (;;); } }); return [/a/g]',
    success(([value]) => String(value) === '/a/g'),
  ),
  result(
    'a RegExp of classes that take long to construct',
    'return new RegExp("\\\\p{RGI_Emoji}".repeat(20), "iv")',
    notTransferable('returnValue'),
  ),
  result(
    'a toJSON that nobody asked for',
    'return { a: new (class { toJSON() { for (;;); } })() }',
    success({ a: {} }),
  ),
  result('a proxy', 'return new Proxy({ a: 1 }, {})', [success({ a: 1 }), notTransferable('returnValue')]),
  result(
    'a proxy with traps',
    'const bad = () => { throw new Error("trap") }; return new Proxy({}, { getPrototypeOf: bad, ownKeys: bad, getOwnPropertyDescriptor: bad })',
    [thrown('Error: trap'), notTransferable('returnValue')],
  ),
  result('a proxy that was revoked', 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { proxy }', [
    thrown(/revoked proxy/),
    notTransferable('returnValue'),
  ]),
  result('a proxy inside', 'return { a: [new Proxy([], {})] }', [
    success({ a: [[]] }),
    notTransferable('returnValue.a[0]'),
    notTransferable('returnValue'),
  ]),
  result(
    'a proxy as prototype',
    'return { ok: 1, __proto__: new Proxy({}, { getPrototypeOf() { throw new Error("trap") } }) }',
    [success({ ok: 1 }), notTransferable('returnValue')],
  ),
  result('the global object', 'return globalThis', [success({}), notTransferable('returnValue')]),
  result('arguments', 'return arguments', [notTransferable('returnValue'), success({})]),
  result('a generator', 'return (function* () {})()', notTransferable('returnValue')),
  result('a promise inside', 'return { p: Promise.resolve(1) }', notTransferable('returnValue.p')),
  result('a WeakMap', 'return new WeakMap()', notTransferable('returnValue')),
  result(
    'a buffer that was transferred, which copies it',
    'const b = new Uint8Array([1, 2, 3]); b.buffer.transfer(); return b',
    success(new Uint8Array([1, 2, 3])),
  ),
  result(
    'a buffer that could grow',
    'const b = new ArrayBuffer(8, { maxByteLength: 16 }); try { b.resize(2) } catch {} return new Uint8Array(b, 4, 4)',
    success(new Uint8Array(4)),
  ),
];

const SHAPES = [
  result('a cycle', 'const o = { a: {} }; o.a.b = o; return o', notTransferable('returnValue.a.b')),
  result('a cycle of arrays', 'const a = []; a.push([a]); return a', notTransferable('returnValue[0][0]')),
  result(
    '__proto__ as a key',
    'return JSON.parse(\'{"__proto__":{"polluted":1},"constructor":{"prototype":2}}\')',
    success(
      (value) =>
        Object.hasOwn(value, '__proto__') &&
        value.polluted === undefined &&
        {}.polluted === undefined &&
        value.constructor.prototype === 2,
    ),
  ),
  result(
    'an object without a prototype',
    'return Object.assign(Object.create(null), { toString: 1, hasOwnProperty: 2 })',
    success((value) => value.toString === 1 && value.hasOwnProperty === 2),
  ),
  result('inherited properties', 'return Object.create({ a: 1 })', success({})),
  result(
    'properties that are hidden or symbols',
    'return Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "h", { value: 3 })',
    success({ a: 1 }),
  ),
  result('a sparse array', 'return [1, , 3]', [success([1, undefined, 3])]),
  result('an array with properties', 'return Object.assign([1], { x: 2, "-1": 3 })', success([1])),
  result(
    'lone surrogates',
    'return { "\\ud800": "\\udfff", ok: "\\ud83d\\ude00" }',
    success({ '\ud800': '\udfff', ok: '\u{1f600}' }),
  ),
  result('null bytes', 'return { "a\\0b": "\\0" }', success({ 'a\0b': '\0' })),
  result(
    'numbers at the edge',
    'return [NaN, -0, Infinity, -Infinity, 2 ** 53, 5e-324]',
    success([Number.NaN, -0, Infinity, -Infinity, 2 ** 53, 5e-324]),
  ),
  result(
    'an impossible date',
    'return new Date(NaN)',
    success((value) => value instanceof Date && Number.isNaN(value.getTime())),
  ),
  result('a large BigInt', 'return 1n << 100_000n', success(1n << 100_000n)),
  result(
    'one object a thousand times',
    'const o = { a: 1 }; return Array(1_000).fill(o)',
    success((value) => value.length === 1_000 && value.every((item) => item === value[0]) && value[0].a === 1),
  ),
  result(
    'a billion laughs',
    'let o = ["ha"]; for (let i = 0; i < 30; i++) o = [o, o, o, o, o, o, o, o]; return o',
    failure('RESOURCE_LIMIT', { message: /maxResultPaths/ }),
  ),
  result(
    'a toJSON of its own',
    'return { toJSON: 1, then: 2, valueOf: 3 }',
    success((value) => value.toJSON === 1 && value.then === 2 && value.valueOf === 3),
  ),
];

const SIZES = [
  result(
    'a string of 4 MB',
    'return "x".repeat(4e6)',
    success((value) => value.length === 4e6),
  ),
  result('a string of 9 MB', 'return "x".repeat(9e6)', [TOO_LARGE, outOfMemory()]),
  result('a string of 20 MB', 'return "x".repeat(2e7)', [TOO_LARGE, outOfMemory()]),
  result('a buffer of 9 MB', 'return new ArrayBuffer(9e6)', [TOO_LARGE, outOfMemory()]),
  result('one string a hundred times', 'const s = "x".repeat(1e5); return Array(100).fill(s)', TOO_LARGE),
  result('a million objects', 'return Array.from({ length: 1e6 }, () => ({}))', [TOO_LARGE, outOfMemory()]),
  result('a million numbers', 'const a = []; for (let i = 0; i < 1e6; i++) a.push(i); return a', [
    success((value) => value.length === 1e6 && value[999_999] === 999_999),
    outOfMemory(),
  ]),
  result(
    'ten thousand keys',
    'return Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => ["key " + i, i]))',
    success((value) => Object.keys(value).length === 1e4),
  ),
  result('a limit lowered by the caller', 'return "x".repeat(2_000)', overLimit('maxResultBytes', 1_000)),
];
SIZES.at(-1).options = { limits: { maxResultBytes: 1_000 } };

/** Writing each of its holes takes extremely long, without an interrupt check. */
SIZES.push({
  ...result('an array of a length of 4,000,000,000', 'const a = []; a.length = 4e9; return a', [
    ...timeout(['watchdog', 'interrupt', 'jobs']),
    TOO_LARGE,
    outOfMemory(),
    notTransferable('returnValue'),
  ]),
  options: { timeoutMs: 100 },
  ways: ONCE,
});

export const programs = [KINDS, SHAPES, SIZES].flat();
