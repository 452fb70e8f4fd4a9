import { outOfMemory, success, TIMEOUT_MS, thrown, timeout } from '../lib/outcomes.mjs';
import { ONCE } from '../lib/ways.mjs';

export const title = 'endless loops';
export const ways = ONCE;

/** The interrupt stops what computes; what only makes jobs is stopped between two slices of them, or by either. */
const INTERRUPTED = timeout(['interrupt']);
const OUT_OF_JOBS = timeout(['jobs', 'interrupt']);
const CONTEXT = { capabilities: ['state:write:*', 'events:emit:*', 'view:update:*'] };

function loop(name, source, expect = INTERRUPTED) {
  return { name, source, context: CONTEXT, options: { timeoutMs: TIMEOUT_MS }, expect };
}

const STATEMENTS = [
  loop('while', 'while (true) {}'),
  loop('do while', 'let i = 0; do { i++ } while (i !== -1); return i'),
  loop('for with labels', 'outer: for (;;) { for (;;) continue outer }'),
  loop('finally that does not let go', 'for (;;) { try { return 1 } finally { continue } }'),
  loop('in a finally block', 'try { throw new Error("x") } finally { for (;;); }'),
  loop('throwing and catching', 'for (;;) try { throw 1 } catch {}'),
  loop('in a switch with labels', 'again: for (;;) switch (1) { case 1: continue again }'),
  loop('in the default of a parameter', '((a = (() => { for (;;); })()) => a)()'),
  loop('in a static block of a class', 'class A { static { for (;;); } }'),
  loop('in a field of a class', 'class A { x = (() => { for (;;); })() } new A()'),
  loop('in a computed key', 'return { [(() => { for (;;); })()]: 1 }'),
  loop('in a tagged template', 'const tag = () => { for (;;); }; return tag`a${1}b`'),
  loop('with a with statement', 'with (new Proxy({}, { has() { for (;;); } })) { x }'),
  loop('growing slowly', 'let n = 0n; for (;;) n++'),
];

const PROTOCOLS = [
  loop('getter', 'return { get x() { for (;;); } }.x'),
  loop('setter', 'const o = { set x(v) { for (;;); } }; o.x = 1'),
  loop('proxy trap get', 'return new Proxy({}, { get() { for (;;); } }).x'),
  loop('proxy trap ownKeys', 'return Object.keys(new Proxy({}, { ownKeys() { for (;;); } }))'),
  loop(
    'proxy without end as its own prototype',
    'const p = new Proxy({}, { getPrototypeOf: () => p }); return p instanceof Array',
  ),
  loop(
    'the same, with isPrototypeOf',
    'const p = new Proxy({}, { getPrototypeOf: () => p }); return Array.prototype.isPrototypeOf(p)',
  ),
  loop('sort comparator', 'return [2, 1].sort(() => { for (;;); })'),
  loop(
    'comparator that contradicts itself',
    'for (;;) Array.from({ length: 99 }, (_, i) => i).sort(() => Math.random() - 0.5)',
  ),
  loop('callback of map', 'return [1].map(() => { for (;;); })'),
  loop('an array that grows while it is walked', 'const a = [1]; for (const x of a) a.push(x)', [
    ...INTERRUPTED,
    outOfMemory(),
  ]),
  loop('replacer of String.replace', 'return "a".replace(/a/, () => { for (;;); })'),
  loop('toJSON', 'return JSON.stringify({ toJSON() { for (;;); } })'),
  loop('reviver of JSON.parse', 'return JSON.parse("[1]", () => { for (;;); })'),
  loop('replacer of JSON.stringify', 'return JSON.stringify([1], () => { for (;;); })'),
  loop('toString', 'return `${{ toString() { for (;;); } }}`'),
  loop('valueOf', 'return +{ valueOf() { for (;;); } }'),
  loop('Symbol.toPrimitive', 'return new Date(1) < { [Symbol.toPrimitive]() { for (;;); } }'),
  loop('Symbol.hasInstance', 'return 1 instanceof { [Symbol.hasInstance]() { for (;;); } }'),
  loop(
    'Symbol.species',
    'class A extends Array { static get [Symbol.species]() { for (;;); } } return new A(1).map((x) => x)',
  ),
  loop('Symbol.iterator', 'return [...{ [Symbol.iterator]() { for (;;); } }]'),
  loop('generator without end', 'function* g() { for (;;) yield 1 } for (const x of g());'),
  loop('generator that delegates', 'function* g() { for (;;) yield* [1, 2] } for (const x of g());'),
  loop(
    'generator that does not return',
    'function* g() { try { yield 1 } finally { for (;;); } } for (const x of g()) break',
  ),
  loop(
    'iterator that does not close',
    'const it = { [Symbol.iterator]: () => it, next: () => ({}), return() { for (;;); } }; const [x] = it',
  ),
  loop('iterator helpers', 'function* g() { for (;;) yield 1 } return g().map((x) => x).filter(() => false).next()'),
  loop('new Set of an iterator without end', 'function* g() { for (;;) yield 1 } return new Set(g()).size'),
  loop('length that loops', 'return Array.prototype.join.call({ get length() { for (;;); } })'),
];

const REGULAR_EXPRESSIONS = [
  loop('backtracking', 'return /^(a+)+$/.test("a".repeat(40) + "b")'),
  loop('backtracking with alternatives', 'return /^(a|a)*$/.test("a".repeat(40) + "b")'),
  loop('backtracking with a back reference', 'return /^(a*)*\\1$/.test("a".repeat(40) + "b")'),
  loop('backtracking in a lookahead', 'return /^(?=(a+)+$)b/.test("a".repeat(40) + "b")'),
  loop('backtracking in split', 'return ("a".repeat(40) + "b").split(/(?:a+)+$/)'),
];

const ASYNC = [
  loop('in an async function', 'const f = async () => { for (;;); }; await f()'),
  loop('after an await', 'await null; for (;;);'),
  loop('await in a loop', 'for (;;) await null', OUT_OF_JOBS),
  loop('promise chain', 'const go = () => Promise.resolve().then(go); go(); await new Promise(() => {})', [
    ...OUT_OF_JOBS,
    outOfMemory(),
  ]),
  loop('promise chain that is returned', 'const go = () => Promise.resolve().then(go); return go()', [
    ...OUT_OF_JOBS,
    outOfMemory(),
  ]),
  loop(
    'two functions that call each other by jobs',
    'const a = () => { Promise.resolve().then(b) }, b = () => { Promise.resolve().then(a) }; a(); await new Promise(() => {})',
    OUT_OF_JOBS,
  ),
  loop(
    'jobs behind a handler that has returned',
    'const go = () => { Promise.resolve().then(go) }; go(); return 1',
    OUT_OF_JOBS,
  ),
  loop('one job without end behind it', 'Promise.resolve().then(() => { for (;;); }); return 1'),
  loop('thenable that is returned', 'return { then() { for (;;); } }'),
  loop('thenable that resolves to itself', 'const t = { then(resolve) { resolve(t) } }; return t', OUT_OF_JOBS),
  loop('getter of then', 'return { get then() { for (;;); } }'),
  loop(
    'async iterator',
    'for await (const x of { [Symbol.asyncIterator]: () => ({ next: () => ({}) }) });',
    OUT_OF_JOBS,
  ),
  loop('async generator', 'async function* g() { for (;;) yield 1 } for await (const x of g());', OUT_OF_JOBS),
  loop('Promise.all of an iterator that loops', 'return Promise.all({ [Symbol.iterator]() { for (;;); } })'),
  loop('finally of a promise', 'return Promise.reject(1).finally(() => { for (;;); })'),
];

/**
 * A function that native code calls and whose errors it treats as answers cannot be stopped by an error: its
 * worker is terminated.
 */
const OUT_OF_REACH = timeout(['interrupt', 'watchdog']);
const GOING_ON = [
  loop(
    'catching the interruption in async code',
    'const f = async () => { for (;;); }; for (;;) try { await f() } catch {}',
  ),
  loop('catching it with a promise', 'for (;;) new Promise(() => { for (;;); }).catch(() => {})', OUT_OF_REACH),
  loop('going on in finally', 'for (;;) try { for (;;); } finally { continue }'),
  loop(
    'answering the interruption with a value',
    'try { await (async () => { for (;;); })() } catch {} return "went on"',
  ),
  loop(
    'answering it from a generator',
    'function* g() { try { for (;;); } finally { yield 1 } } for (;;) try { [...g()] } catch {}',
    OUT_OF_REACH,
  ),
  loop('answering it with an effect', 'new Promise(() => { for (;;); }).catch(() => {}); $emit("late"); return 1', [
    ...timeout(['interrupt'], { events: [{ name: 'late', payload: undefined }] }),
    ...INTERRUPTED,
  ]),
];

/** Effects before the loop are delivered with the error, and none after it. */
const BEFORE = {
  stateMutations: [{ operation: 'set', key: 'a', value: 1 }],
  events: [{ name: 'before', payload: undefined }],
};
const AROUND_EFFECTS = [
  loop('after effects', '$state.a = 1; $emit("before"); for (;;);', timeout(['interrupt'], BEFORE)),
  loop(
    'after effects, by jobs',
    '$state.a = 1; $emit("before"); for (;;) await null',
    timeout(['jobs', 'interrupt'], BEFORE),
  ),
  loop(
    'between effects',
    '$state.a = 1; $emit("before"); await (async () => { for (;;); })().catch(() => {}); $emit("after")',
    timeout(['interrupt'], BEFORE),
  ),
  loop('in a payload', '$emit("e", { get x() { for (;;); } })'),
  loop('in an argument of $view', '$view.focus({ toString() { for (;;); } })'),
  loop('in the name of an event', '$emit({ toString() { for (;;); } })'),
  loop('in a part of a log', '$log({ toJSON() { for (;;); } })'),
  loop('in the message of an error', 'throw new (class extends Error { get message() { for (;;); } })()'),
  loop(
    'in the stack of an error',
    'const e = new Error("x"); Object.defineProperty(e, "stack", { get() { for (;;); } }); throw e',
  ),
  loop('in the prototype of what is thrown', 'throw new Proxy({}, { getPrototypeOf() { for (;;); } })'),
  loop('in a getter of what is returned', 'return { get x() { for (;;); } }'),
];

/** The same tricks, well within their time: nothing of this is a fault. */
const NOT_ENDLESS = [
  {
    name: 'a long loop that ends',
    source: 'let n = 0; for (let i = 0; i < 300_000; i++) n += i; return n',
    expect: success(44_999_850_000),
  },
  {
    name: 'an error that is caught a million times less one',
    source: 'for (let i = 0; i < 20_000; i++) try { null.x } catch {} return 1',
    expect: success(1),
  },
  {
    name: 'a rejection after a thousand jobs',
    source: 'for (let i = 0; i < 1_000; i++) await null; throw new Error("late")',
    expect: thrown('Error: late'),
  },
];

export const programs = [
  STATEMENTS,
  PROTOCOLS,
  REGULAR_EXPRESSIONS,
  ASYNC,
  GOING_ON,
  AROUND_EFFECTS,
  NOT_ENDLESS,
].flat();
