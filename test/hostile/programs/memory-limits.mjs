import { outOfMemory, success, TIMEOUT_MS, thrown, timeout } from '../lib/outcomes.mjs';
import { ONCE } from '../lib/ways.mjs';

export const title = 'memory';
/** Twice: growth that stays would show. */
export const ways = [...ONCE, ...ONCE];

const context = { capabilities: ['state:write:*', 'events:emit:*'] };

function hog(name, source, expect = outOfMemory()) {
  return { name, source, context, expect };
}

/** A rope takes no memory until somebody reads it: its length ends first. */
const TOO_LONG = [outOfMemory(), thrown('InternalError: string too long')];

const ENDLESS = [
  hog('arrays', 'const all = []; for (;;) all.push([1, 2, 3])'),
  hog('one array', 'const a = []; for (;;) a.push(1)'),
  hog('array literals that hold each other', 'let a = []; for (;;) a = [a, a]'),
  hog('typed arrays', 'const all = []; for (;;) all.push(new Uint8Array(1e6))'),
  hog('small buffers', 'const all = []; for (;;) all.push(new ArrayBuffer(8))'),
  hog('copies of a buffer', 'const all = [new ArrayBuffer(1e6)]; for (;;) all.push(all[0].transfer(1e6 + all.length))'),
  hog('a string that doubles', 'let s = "x"; for (;;) s += s', TOO_LONG),
  hog('a string of two bytes that doubles', 'let s = "\\u1234"; for (;;) s = s.concat(s)'),
  hog('many strings', 'const all = []; for (let i = 0; ; i++) all.push("key " + i)'),
  hog('property names', 'const o = {}; for (let i = 0; ; i++) o["key " + i] = i'),
  hog('symbols', 'const all = []; for (let i = 0; ; i++) all.push(Symbol("s" + i))'),
  // Looking for one takes the longer, the more there are.
  {
    ...hog('registered symbols', 'for (let i = 0; ; i++) Symbol.for("registered " + i)', [
      outOfMemory(),
      ...timeout(['interrupt']),
    ]),
    options: { timeoutMs: TIMEOUT_MS },
  },
  hog('maps', 'const m = new Map(); for (let i = 0; ; i++) m.set({}, [i])'),
  hog('sets', 'const s = new Set(); for (let i = 0; ; i++) s.add(i)'),
  hog(
    'weak maps with living keys',
    'const w = new WeakMap(), all = []; for (;;) { const k = {}; all.push(k); w.set(k, {}) }',
  ),
  hog('closures', 'const all = []; for (let i = 0; ; i++) all.push(() => i)'),
  hog('classes', 'const all = []; for (;;) all.push(class { #x = 1; static y() {} })'),
  hog('proxies', 'const all = []; for (;;) all.push(new Proxy({}, {}))'),
  hog('bound functions', 'let f = () => {}; for (;;) f = f.bind(null, f)'),
  hog('generators', 'function* g() { yield 1 } const all = []; for (;;) { const it = g(); it.next(); all.push(it) }'),
  hog('promises that never settle', 'const all = []; for (;;) all.push(new Promise(() => {}))'),
  hog('pending jobs', 'for (;;) Promise.resolve(1).then(() => {})'),
  hog('async functions that wait', 'const f = async () => { await null }; for (;;) f()'),
  hog('errors', 'const all = []; for (;;) all.push(new Error("x"))'),
  hog('regular expressions', 'const all = []; for (let i = 0; ; i++) all.push(new RegExp("a" + i))'),
  hog('dates', 'const all = []; for (;;) all.push(new Date(0))'),
  hog('BigInts', 'const all = []; for (let i = 0n; ; i++) all.push(i << 10_000n)'),
  hog('global variables', 'for (let i = 0; ; i++) globalThis["g" + i] = []'),
  hog('accessors', 'const o = {}; for (let i = 0; ; i++) Object.defineProperty(o, "k" + i, { get() { return i } })'),
  hog('matches of a regular expression', 'const all = []; for (;;) all.push([..."abc".repeat(100).matchAll(/./g)])'),
  hog('a flattened rope', 'let s = "x".repeat(1_000); for (let i = 0; i < 16; i++) s += s; return s.charCodeAt(1)'),
];

const AT_ONCE = [
  hog('a buffer of 1 GB', 'return new ArrayBuffer(2 ** 30)'),
  hog('a typed array of 1 GB', 'return new Uint8Array(2 ** 30).length'),
  hog('a typed array of 8 GB', 'return new Float64Array(2 ** 30).length', [
    outOfMemory(),
    thrown(/^RangeError: invalid array (buffer )?length/),
  ]),
  hog('a string of 1 GB', 'return "x".repeat(2 ** 30 - 1).length'),
  hog('an array of 100 million', 'return Array(1e8).fill(0).length'),
  hog('JSON of 40 MB', 'return JSON.stringify(Array(1e7).fill(null)).length'),
  hog('a stack of a regular expression', 'return /^(?:a|ab)*$/.test("a".repeat(2e6))', [outOfMemory()]),
  // The engine throws no proper value in these: it must be told from an error of the handler's own all the same.
  hog('normalising 12 MB', 'return "é".repeat(2e6).normalize("NFD").length'),
  hog('changing the case of 16 MB', 'return "ß".repeat(8e6).toUpperCase().length'),
  hog('replacing in 8 MB', 'return "ab".repeat(4e6).replaceAll("a", "ccccc").length'),
  hog('splitting 8 MB', 'return "ab".repeat(4e6).split("").length'),
  hog('parsing 8 MB', 'return JSON.parse("[" + "[],".repeat(2e6) + "1]").length'),
];

const HOLD_ON = 'let hog = []; const eat = () => { for (;;) hog.push(new Uint8Array(1e5)) };';
const GOING_ON = [
  hog(
    'caught, and gone on',
    `${HOLD_ON} try { eat() } catch (error) { hog = null; return error.message }`,
    success('out of memory'),
  ),
  hog(
    'caught a hundred times',
    `${HOLD_ON} let n = 0; while (n < 100) try { eat() } catch { hog = []; n++ } return n`,
    success(100),
  ),
  hog(
    'caught in async code',
    `${HOLD_ON} const f = async () => eat(); return f().catch((error) => { hog = null; return error.name })`,
    // What is to be called in a job is a small object, for which there may be no room while the array is held.
    [success('InternalError'), outOfMemory()],
  ),
  hog(
    'effects after it was caught',
    `${HOLD_ON} try { eat() } catch { hog = null } $emit("alive", [1]); return 1`,
    success(1, { events: [{ name: 'alive', payload: [1] }] }),
  ),
  hog('effects before it', `$state.a = 1; $emit("before", { x: 1 }); $log("log"); ${HOLD_ON} eat()`, [
    outOfMemory({
      stateMutations: [{ operation: 'set', key: 'a', value: 1 }],
      events: [{ name: 'before', payload: { x: 1 } }],
      logs: [{ level: 'info', message: 'log' }],
    }),
    // With nothing left to write them with, they are lost.
    outOfMemory(),
  ]),
  hog('held until the end', `${HOLD_ON} try { eat() } catch {} return 1`, [success(1), outOfMemory()]),
  hog(
    'the last byte taken',
    'const all = []; for (let size = 2 ** 20; size >= 1; size /= 2) try { for (;;) all.push(new ArrayBuffer(size)) } catch {} return 1',
    [success(1), outOfMemory()],
  ),
  hog('thrown with the last byte', 'const all = []; try { for (;;) all.push({}) } catch (error) { throw error }'),
  hog('a payload that does not fit', '$emit("e", Array.from({ length: 400_000 }, (_, i) => ({ i })))'),
  hog('a state that does not fit', '$state.x = Array.from({ length: 400_000 }, (_, i) => ({ i })); return 1', [
    outOfMemory(),
  ]),
  hog(
    'garbage without end, of which nothing stays',
    'for (let i = 0; i < 300_000; i++) [{}, {}, [i]]; return 1',
    success(1),
  ),
  hog(
    'cycles of garbage',
    'for (let i = 0; i < 100_000; i++) { const a = {}, b = { a }; a.b = b } return 1',
    success(1),
  ),
];

const WITHIN = [
  hog('20 MiB at once', 'return new Uint8Array(20 * 2 ** 20).length', success(20 * 2 ** 20)),
  hog(
    '20 MiB in pieces',
    'const all = []; for (let i = 0; i < 320; i++) all.push(new Uint8Array(2 ** 16)); return all.length',
    success(320),
  ),
  hog(
    '200,000 objects',
    'const all = []; for (let i = 0; i < 200_000; i++) all.push({ i }); return all.length',
    success(200_000),
  ),
  hog('a string of 10 million', 'return "x".repeat(1e7).length', success(1e7)),
  hog('20 MiB again and again', 'for (let i = 0; i < 50; i++) new Uint8Array(20 * 2 ** 20); return 1', success(1)),
];

export const programs = [ENDLESS, AT_ONCE, GOING_ON, WITHIN].flat();
