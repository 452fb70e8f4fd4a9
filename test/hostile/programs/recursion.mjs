import { pack } from 'msgpackr/pack';
import { encoded } from 'nexus-runtime';

import {
  deadlock,
  notTransferable,
  outOfMemory,
  rejection,
  stackOverflow,
  success,
  TIMEOUT_MS,
  thrown,
  timeout,
} from '../lib/outcomes.mjs';
import { COLD_AND_HOT, ONCE } from '../lib/ways.mjs';

export const title = 'recursion';
export const ways = ONCE;

const DEPTH = 100_000;
const context = { capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*'] };

function deep(name, source, expect = stackOverflow()) {
  return { name, source, context, expect, ways: COLD_AND_HOT };
}

const CALLS = [
  deep('plain', '(function f() { f() })()'),
  deep('mutual', 'const f = () => g(), g = () => f(); f()'),
  deep('with many locals', '(function f(a, b, c, d) { const x = [a, b, c, d]; f(x, x, x, x); return x })()'),
  deep('through apply', '(function f() { f.apply(null, [f]) })()'),
  deep('through Reflect.construct', 'function F() { Reflect.construct(F, []) } new F()'),
  deep('through a callback of map', 'const f = () => [1].map(f); f()'),
  deep('through sort', 'const f = () => [2, 1].sort(f); f()'),
  deep('through replace', 'const f = () => "a".replace(/a/, f); f()'),
  deep('through a reviver', 'const f = () => JSON.parse("1", f); f()'),
  deep('through toJSON', 'const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)'),
  deep('getter', 'const o = { get x() { return this.x } }; o.x'),
  deep('setter', 'const o = { set x(v) { this.x = v } }; o.x = 1'),
  deep('toString', 'const o = { toString: () => `${o}` }; `${o}`'),
  deep('valueOf', 'const o = { valueOf: () => +o }; +o'),
  deep('proxy trap', 'const p = new Proxy({}, { get: (_, key) => p[key] }); p.x'),
  deep('proxy that is its own handler', 'const h = {}; const p = new Proxy({}, h); Object.setPrototypeOf(h, p); p.x'),
  deep('has of a proxy as prototype', 'const a = {}; const p = new Proxy(a, { has: (t, k) => k in p }); "x" in p'),
  deep('Symbol.hasInstance', 'class A { static [Symbol.hasInstance](v) { return v instanceof A } } 1 instanceof A'),
  deep('generators', 'function* g() { yield* g() } [...g()]'),
  deep('iterators', 'const it = { [Symbol.iterator]: () => [...it] }; [...it]'),
  deep('iterator helpers', 'let it = [1].values(); for (let i = 0; i < 20_000; i++) it = it.map((x) => x); it.next()'),
  deep('async, before any await', 'const f = async () => { await f() }; return f()'),
  deep('thenables', 'const t = { get then() { return t.then } }; return t'),
  deep('Promise executors', 'const f = () => new Promise(f); return f()', [deadlock(), stackOverflow()]),
  deep('static blocks', 'const f = () => class { static { f() } }; f()'),
  deep('derived constructors', 'let C = class {}; for (let i = 0; i < 5_000; i++) C = class extends C {}; new C()'),
  deep('super', 'const a = { f() { return b.f() } }, b = { __proto__: a, f() { return super.f() } }; b.f()'),
  deep('tagged templates', 'const f = () => f`x`; f()'),
  deep('join of an array in itself', 'const a = []; a[0] = a; return String(a)'),
  deep('flat of an array in itself', 'const a = []; a[0] = a; return a.flat(Infinity)'),
  deep(
    'caught, again and again',
    'let n = 0; for (let i = 0; i < 20; i++) try { (function f() { f() })() } catch { n++ } return n',
    success(20),
  ),
  deep(
    'caught at the very bottom',
    'let n = 0; const f = () => { try { f() } catch { n = 1 } }; f(); return n',
    success(1),
  ),
  deep(
    'with a finally at every level',
    'let n = 0; const f = () => { try { f() } finally { n++ } }; try { f() } catch {} return n > 100',
    success(true),
  ),
  deep(
    'effects before it',
    '$state.a = 1; $emit("e", { x: 1 }); (function f() { f() })()',
    stackOverflow({
      stateMutations: [{ operation: 'set', key: 'a', value: 1 }],
      events: [{ name: 'e', payload: { x: 1 } }],
    }),
  ),
  deep(
    'an effect at every level',
    'let n = 0; const f = () => { if (n < 50) { n++; $emit("e" + n) } f() }; f()',
    stackOverflow({
      events: Array.from({ length: 50 }, (_, i) => ({ name: `e${i + 1}`, payload: undefined })),
    }),
  ),
  deep(
    'an effect at the very bottom',
    'const f = () => { try { f() } catch { $emit("deep") } }; f(); return 1',
    (() => {
      const events = (given) => given.length > 0 && given.length <= 100 && given.every(({ name }) => name === 'deep');
      return [success(1, { events }), stackOverflow({ events }), stackOverflow()];
    })(),
  ),
];

const DATA = [
  deep('chains of proxies', `let p = {}; for (let i = 0; i < 50_000; i++) p = new Proxy(p, {}); p.x`),
  deep(
    'chains of proxies that are returned',
    `let p = {}; for (let i = 0; i < 50_000; i++) p = new Proxy(p, {}); return p`,
    [stackOverflow(), notTransferable('returnValue')],
  ),
  deep(
    'chains of proxies that are thrown',
    `let p = {}; for (let i = 0; i < 50_000; i++) p = new Proxy(p, {}); throw p`,
    [stackOverflow(), thrown(/threw/, { context: { thrown: undefined } }), thrown(/threw/)],
  ),
  deep('chains of bound functions', 'let f = () => 1; for (let i = 0; i < 20_000; i++) f = f.bind(null); f()', [
    stackOverflow(),
    outOfMemory(),
  ]),
  deep(
    'chains of prototypes',
    'let o = {}; for (let i = 0; i < 50_000; i++) o = Object.create(o); return o.x',
    success(undefined),
  ),
  deep(
    'chains of promises',
    'let p = Promise.resolve(0); for (let i = 0; i < 30_000; i++) p = p.then((x) => x + 1); return p',
    success(30_000),
  ),
  deep(
    'promises in promises',
    'let p = Promise.resolve(1); for (let i = 0; i < 10_000; i++) { const q = p; p = new Promise((r) => r(q)) } return p',
    success(1),
  ),
  deep(
    'chains of causes',
    'let e = new Error("x"); for (let i = 0; i < 1_000; i++) e = new Error("y", { cause: e }); throw e',
    thrown(/^Error: y/, { context: () => true }),
  ),
  deep('parsing JSON', `return JSON.parse("[".repeat(${DEPTH}) + "]".repeat(${DEPTH}))`),
  deep('parsing JSON of objects', `return JSON.parse('{"a":'.repeat(${DEPTH}) + "1" + "}".repeat(${DEPTH}))`),
  {
    ...deep('writing JSON', `let a = []; for (let i = 0; i < ${DEPTH}; i++) a = [a]; return JSON.stringify(a).length`, [
      // Looking for cycles takes quadratic time, and does not poll.
      ...timeout(['watchdog', 'interrupt']),
      stackOverflow(),
      outOfMemory(),
    ]),
    options: { timeoutMs: TIMEOUT_MS },
    ways: ONCE,
  },
  deep('text of a nested array', `let a = []; for (let i = 0; i < ${DEPTH}; i++) a = [a]; return String(a)`),
  deep('flat of a nested array', `let a = []; for (let i = 0; i < ${DEPTH}; i++) a = [a]; return a.flat(Infinity)`),
  deep('regular expression groups', `return new RegExp("(?:".repeat(${DEPTH}) + ")".repeat(${DEPTH})).test("")`),
  deep('lookaheads', `return new RegExp("(?=".repeat(${DEPTH}) + ")".repeat(${DEPTH})).test("")`),
];

/** What leaves the VM may be nested 1,000 levels deep; an error names the place of what is nested deeper. */
const nest = (depth) => `let deep = {}; for (let i = 0; i < ${depth}; i++) deep = { deep };`;
const LEAVING = [
  ['a returned value', 'return deep', /^(returnValue|outcome)/],
  ['a payload', '$emit("e", deep)', /^(\$emit payload|events|outcome)/],
  ['an argument of $view', '$view.focus("c", deep)', /^(\$view arguments|viewCommands|outcome)/],
  ['a state', '$state.x = deep', /^(\$state\.x|stateMutations|outcome)/],
].flatMap(([what, source, path]) => {
  const refused = { message: /nested|cannot leave/, context: (context) => path.test(context?.path) };
  return [2_000, DEPTH].map((depth) =>
    deep(`${what} nested ${depth} deep`, `${nest(depth)} ${source}`, [notTransferable('', refused), stackOverflow()]),
  );
});
LEAVING.push(
  deep('a thrown value nested 100,000 deep', `${nest(DEPTH)} throw deep`, [
    thrown(/thrown\.deep cannot be read/, { context: () => true }),
    stackOverflow(),
  ]),
  deep(
    'a log nested 1,000 deep',
    `${nest(1_000)} $log(deep)`,
    success(undefined, { logs: [{ level: 'info', message: `${'{"deep":'.repeat(1_000)}{}${'}'.repeat(1_000)}` }] }),
  ),
  deep(
    'a returned value nested 900 deep',
    `${nest(900)} return deep`,
    success((value) => {
      let depth = 0;
      for (let at = value; at.deep !== undefined; at = at.deep) depth++;
      return depth === 900;
    }),
  ),
);

function nested(depth, leaf = 1) {
  let value = leaf;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** MessagePack of arrays in arrays: a byte each. */
function nestedMessagePack(depth) {
  return encoded(Buffer.concat([Buffer.alloc(depth, 0x91), pack(1)]));
}

const TOO_DEEP = rejection('SERIALIZATION_ERROR', /nested deeper/);
const TOO_DEEP_PACKED = rejection('INVALID_ARGUMENT', /^context\.args is encoded\(…\), but /);
const ENTERING = [
  {
    name: 'arguments nested 100,000 deep',
    source: 'return 1',
    context: () => ({ args: nested(DEPTH) }),
    expect: TOO_DEEP,
  },
  {
    name: 'a state nested 100,000 deep',
    source: 'return 1',
    context: () => ({ stateSnapshot: { a: nested(DEPTH) }, capabilities: ['state:read:*'] }),
    expect: TOO_DEEP,
  },
  {
    name: 'a scope nested 100,000 deep',
    source: 'return 1',
    context: () => ({ scope: nested(DEPTH) }),
    expect: TOO_DEEP,
  },
  {
    name: 'arguments nested 100,000 deep in MessagePack',
    source: 'return 1',
    context: () => ({ args: nestedMessagePack(DEPTH) }),
    expect: TOO_DEEP_PACKED,
  },
  {
    name: 'arguments nested 2,000 deep in MessagePack',
    source: 'return 1',
    context: () => ({ args: nestedMessagePack(2_000) }),
    expect: TOO_DEEP_PACKED,
  },
  {
    name: 'arguments nested 900 deep',
    source: 'let n = 0; for (let a = $args; Array.isArray(a); a = a[0]) n++; return n',
    context: () => ({ args: nested(900) }),
    expect: success(900),
  },
  {
    name: 'arguments of JSON nested 100,000 deep',
    source: 'return JSON.parse($args)',
    context: () => ({ args: '['.repeat(DEPTH) + ']'.repeat(DEPTH) }),
    expect: stackOverflow(),
  },
];

export const programs = [CALLS, DATA, LEAVING, ENTERING].flat();
