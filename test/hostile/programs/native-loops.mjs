import { failure, outOfMemory, success, TIMEOUT_MS, thrown, timeout } from '../lib/outcomes.mjs';
import { ONCE } from '../lib/ways.mjs';

export const title = 'native loops';
export const ways = ONCE;
/** Most end their worker after timeout and grace. */
export const quickStep = 4;

/** Nothing polls in there: the watchdog ends the worker. A fast machine may be done before it does. */
const ENDED = timeout(['watchdog', 'interrupt', 'jobs']);
/** Far beyond what any machine does in the time. */
const ENDED_FOR_SURE = timeout(['watchdog']);

function native(name, source, expect) {
  return { name, source, options: { timeoutMs: TIMEOUT_MS }, expect: [expect].flat() };
}

const STRINGS = [
  native('indexOf', 'return "a".repeat(2e6).indexOf("a".repeat(1e6) + "b")', ENDED_FOR_SURE),
  native('lastIndexOf', 'return "a".repeat(2e6).lastIndexOf("b" + "a".repeat(1e6))', [...ENDED, success(-1)]),
  native('includes', 'return "a".repeat(2e6).includes("a".repeat(1e6) + "b")', ENDED_FOR_SURE),
  native('split', 'return "a".repeat(2e6).split("a".repeat(1e6) + "b").length', ENDED_FOR_SURE),
  native('replaceAll', 'return "a".repeat(2e6).replaceAll("a".repeat(1e6) + "b", "c").length', ENDED_FOR_SURE),
  native(
    'localeCompare',
    'const s = "é".repeat(4e5); let n = 0; for (let i = 0; i < 1e4; i++) n += s.localeCompare(s + "x"); return n',
    [...ENDED, outOfMemory()],
  ),
  native(
    'normalize',
    'const s = "ệ".repeat(2e5); let n = 0; for (let i = 0; i < 1e4; i++) n += s.normalize(i % 2 ? "NFKD" : "NFC").length; return n',
    [...ENDED, outOfMemory()],
  ),
  native('normalize out of order', 'return ("a" + "\\u0323\\u0307".repeat(3e5)).normalize("NFD").length', [
    ...ENDED,
    outOfMemory(),
    success(600_001),
  ]),
  native('toUpperCase', 'const s = "ß".repeat(1e6); let n = 0; for (;;) n += s.toUpperCase().length', [
    ...ENDED,
    outOfMemory(),
  ]),
  native('repeat', 'return "x".repeat(2 ** 30).length', [
    outOfMemory(),
    thrown(/RangeError: invalid (count|string length)|InternalError: string too long/),
  ]),
  native('repeat of nothing', 'return "".repeat(2 ** 31 - 1).length', [...ENDED, success(0)]),
  native('padEnd', 'return "x".padEnd(2 ** 30 - 2, "ab").length', [...ENDED, outOfMemory()]),
  native('escape', 'const s = "\\u1234".repeat(1e5); let n = 0; for (;;) n += escape(s).length', ENDED),
  native(
    'comparing long ropes',
    'let a = "x", b = "x"; for (let i = 0; i < 22; i++) { a = a + a; b = b + b } for (;;) if (a + "a" === b + "b") return 1',
    [...ENDED, outOfMemory()],
  ),
  native(
    'appending to a rope, which takes the longer, the more it has',
    'let s = ""; const part = "x".repeat(1_000); for (let i = 0; i < 1e5; i++) s += part; return s.length',
    ENDED,
  ),
  native('parsing a long number', 'let n = 0; for (;;) n += Number("9".repeat(1e6))', ENDED),
];

const ARRAYS = [
  native(
    'indexOf of an object as long as can be',
    'return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
    ENDED_FOR_SURE,
  ),
  native('includes', 'return Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)', ENDED_FOR_SURE),
  native(
    'forEach over nothing',
    'return Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => {})',
    ENDED_FOR_SURE,
  ),
  native('reverse', 'return Array.prototype.reverse.call({ length: 2 ** 53 - 1 })', ENDED_FOR_SURE),
  native('copyWithin', 'return Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)', ENDED_FOR_SURE),
  native('fill of an object', 'return Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1)', [
    ...ENDED,
    outOfMemory(),
  ]),
  native('join of a sparse array', 'return Array(2 ** 32 - 1).join().length', [
    ...ENDED,
    outOfMemory(),
    thrown(/string too long|invalid string length/),
  ]),
  native('join of nothing', 'return Array(2 ** 32 - 1).join("").length', [...ENDED_FOR_SURE, success(0)]),
  native('sort of a sparse array', 'const a = []; a[2 ** 32 - 2] = 1; return a.sort().length', [
    ...ENDED,
    success(2 ** 32 - 1),
  ]),
  native('indexOf of a sparse array', 'const a = []; a[2 ** 32 - 2] = 1; return a.indexOf(2)', [...ENDED, success(-1)]),
  native('reduce of a sparse array', 'const a = []; a[2 ** 32 - 2] = 1; return a.reduce((x) => x)', [
    ...ENDED,
    success(1),
  ]),
  native(
    'concat of something spreadable',
    'return [].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true }).length',
    [...ENDED, success(2 ** 53 - 1)],
  ),
  native('Array.from a length', 'return Array.from({ length: 2 ** 32 - 1 }).length', [...ENDED, outOfMemory()]),
  native('fill of an array', 'return Array(2 ** 32 - 1).fill(0).length', [...ENDED, outOfMemory()]),
  native(
    'flat',
    'const a = Array(1e3).fill(0); const b = Array(1e3).fill(a); const c = Array(1e3).fill(b); return c.flat(Infinity).length',
    [...ENDED, outOfMemory()],
  ),
  native('JSON of a sparse array', 'return JSON.stringify(Array(2 ** 32 - 1)).length', [...ENDED, outOfMemory()]),
  native(
    'JSON nested so deep that looking for cycles is quadratic',
    'let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return JSON.stringify(a).length',
    [...ENDED, outOfMemory()],
  ),
  native(
    'arguments without end',
    'return Math.max.apply(null, { length: 2 ** 32 - 1 })',
    thrown(/RangeError: too many arguments/),
  ),
  native('Object.assign from a long string', 'const s = "x".repeat(3e5); for (;;) Object.assign({}, s)', [
    ...ENDED,
    outOfMemory(),
  ]),
];

const TYPED_ARRAYS = [
  native('fill', 'const a = new Uint8Array(15e6); for (let i = 0; ; i++) a.fill(i)', ENDED),
  native(
    'sort',
    'const a = new Float64Array(2e6); for (let i = 0; i < a.length; i += 3) a[i] = -i; for (;;) { a.sort(); a.reverse() }',
    ENDED,
  ),
  native('set', 'const a = new Uint8Array(10e6), b = new Uint8Array(10e6); for (;;) { a.set(b); b.set(a) }', ENDED),
  native('indexOf', 'const a = new Float64Array(2e6); for (;;) a.indexOf(1)', ENDED),
  native('join', 'return new Uint8Array(5e6).join("-").length', [...ENDED, outOfMemory(), success(9_999_999)]),
  native(
    'of a length beyond all memory',
    'return Uint8Array.from({ length: 2 ** 53 - 1 }).length',
    thrown(/RangeError: invalid array (buffer )?length/),
  ),
];

const BIG_INTEGERS = [
  native('power', 'return (3n ** 600_000n) % 7n', [...ENDED, success(1n)]),
  native('power beyond all bounds', 'return 2n ** (2n ** 64n)', [thrown(/RangeError|InternalError/), outOfMemory()]),
  native('to text', 'return (1n << 1_000_000n).toString().length', [...ENDED, success(301_030)]),
  native('from text', 'return BigInt("9".repeat(300_000)) > 0n', [...ENDED, success(true)]),
  native('multiplication', 'let n = 3n ** 300_000n; for (;;) n = BigInt.asUintN(1_000_000, n * n + 1n)', [
    ...ENDED,
    failure('EXECUTION_ERROR', { message: /too large/, context: undefined }),
  ]),
  native('shift', 'return 1n << (2n ** 62n)', [thrown(/RangeError|InternalError/), outOfMemory()]),
];

export const programs = [STRINGS, ARRAYS, TYPED_ARRAYS, BIG_INTEGERS].flat();
