import { type Area, combine, EACH, type SampleProgram } from './area.js';

const INTEGERS =
  '[0n, 1n, -1n, 5n, -7n, 255n, -256n, 2n ** 31n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 53n + 1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, -(2n ** 64n), 2n ** 127n + 3n, -(2n ** 200n) + 1n]';
const NUMBERS =
  '[0, -0, 1, -1, 1.5, -1.5, 255, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32, 2 ** 53, -5e9, 1e21, 1e300, -1e300, 5e-324, NaN, Infinity, -Infinity]';
const MIXED =
  '[undefined, null, true, "", " 12 ", "x", "0x1f", "1e3", [], [5], {}, { valueOf: () => 7 }, { toString: () => "8" }, { [Symbol.toPrimitive]: (h) => h }, new Date(5), 3, 4n, Symbol.iterator]';

const BINARY = ['+', '-', '*', '/', '%', '**', '&', '|', '^', '<<', '>>'];
const COMPARISONS = ['<', '<=', '>', '>=', '==', '!=', '===', '!=='];
const pairs = (as: string, bs: string, operation: string) =>
  `${EACH} const out = []; for (const a of ${as}) for (const b of ${bs}) out.push(...each(() => ${operation})); return out;`;

const small = '[0n, 1n, -1n, 7n, -13n, 64n, 100n]';
const bigints: SampleProgram[] = [
  ...BINARY.map((operator) => ({
    title: `BigInt: a ${operator} b`,
    body: pairs(INTEGERS, /[<*]{2}|>>/.test(operator) ? small : INTEGERS, `a ${operator} b`),
  })),
  ...COMPARISONS.map((operator) => ({
    title: `BigInt against BigInt: a ${operator} b`,
    body: pairs(INTEGERS, INTEGERS, `a ${operator} b`),
  })),
  ...COMPARISONS.map((operator) => ({
    title: `BigInt against Number: a ${operator} b`,
    body: pairs(INTEGERS, NUMBERS, `a ${operator} b`),
  })),
  ...COMPARISONS.map((operator) => ({
    title: `Number against BigInt: a ${operator} b`,
    body: pairs(NUMBERS, INTEGERS, `a ${operator} b`),
  })),
  ...COMPARISONS.map((operator) => ({
    title: `BigInt against others: a ${operator} b`,
    body: pairs(small, MIXED, `a ${operator} b`),
  })),
  ...['0', '1', '2', '7', '8', '16', '31', '32', '33', '63', '64', '65', '96', '128', '200'].flatMap((width) =>
    ['asIntN', 'asUintN'].map((f) => ({
      title: `BigInt.${f} of ${width} bits`,
      body: `return ${INTEGERS}.map((x) => BigInt.${f}(${width}, x));`,
    })),
  ),
  ...['2', '8', '10', '16', '36'].map((radix) => ({
    title: `BigInt as text, radix ${radix}`,
    body: `return ${INTEGERS}.map((x) => x.toString(${radix}));`,
  })),
  { title: 'BigInt of others', body: `${EACH} return ${MIXED}.flatMap((x) => each(() => BigInt(x)));` },
  { title: 'BigInt of Numbers', body: `${EACH} return ${NUMBERS}.flatMap((x) => each(() => BigInt(x)));` },
  {
    title: 'Number of BigInts',
    body: `return ${INTEGERS}.map((x) => [Number(x), parseInt(x), +String(x), isFinite(Number(x))]);`,
  },
  {
    title: 'BigInt, unary operators',
    body: `${EACH} return ${INTEGERS}.flatMap((x) => { let y = x, z = x; return each(() => -x, () => ~x, () => y++, () => --z, () => +x, () => !x, () => y, () => z, () => typeof x); });`,
  },
  {
    title: 'BigInt in typed arrays',
    body: `const a = new BigInt64Array(${INTEGERS}); const b = new BigUint64Array(${INTEGERS}); return [[...a], [...b], a.map((x) => x + 1n), b.indexOf(5n)];`,
  },
  {
    title: 'a 64-bit FNV-1a',
    body: 'let h = 0xcbf29ce484222325n; for (const c of "hello") h = BigInt.asUintN(64, (h ^ BigInt(c.charCodeAt(0))) * 0x100000001b3n); return h.toString(16);',
  },
  {
    title: 'a 64-bit xorshift',
    body: 'let s = 88172645463325252n; const out = []; for (let i = 0; i < 9; i++) { s ^= BigInt.asUintN(64, s << 13n); s ^= s >> 7n; s ^= BigInt.asUintN(64, s << 17n); out.push(s); } return out;',
  },
];

const FORMATS: Record<string, string> = Object.fromEntries(
  [
    ...[0, 1, 2, 5, 10, 20].map((n) => `toFixed(${n})`),
    ...[1, 2, 3, 10, 17].map((n) => `toPrecision(${n})`),
    ...['', 0, 1, 5, 16].map((n) => `toExponential(${n})`),
    ...[2, 3, 8, 16, 36].map((n) => `toString(${n})`),
  ].map((call) => [call, call]),
);
const FORMATTED =
  '[0, -0, 1, -1, 0.5, 1.5, 2.5, 1.005, 1.45, 25, 123.456, 1234567.891, 0.000001, 1e-7, 1e20, 1e21, 123456789012, 2 ** 31, NaN, Infinity]';
const INTEGER_VALUES = '[0, 1, -1, 25, 255, 1024, 123456789012, 2 ** 31, 2 ** 53, -(2 ** 40)]';

const MATHS = ['abs', 'ceil', 'floor', 'round', 'trunc', 'sign', 'sqrt', 'fround', 'clz32', 'cbrt', 'log2', 'log10'];

export const numbers: Area = {
  area: 'numbers',
  programs: [
    ...bigints,
    ...[...BINARY, '>>>'].map((operator) => ({
      title: `Number: a ${operator} b`,
      body: pairs(NUMBERS, NUMBERS, `a ${operator} b`),
    })),
    ...COMPARISONS.map((operator) => ({
      title: `Number: a ${operator} b`,
      body: pairs(NUMBERS, NUMBERS, `a ${operator} b`),
    })),
    ...[...BINARY, '>>>', ...COMPARISONS, '&&', '||', '??', 'in', 'instanceof'].map((operator) => ({
      title: `others: a ${operator} b`,
      body: pairs(MIXED, MIXED, `a ${operator} b`),
    })),
    ...['+', '-', '~', '!', 'typeof', 'void'].map((operator) => ({
      title: `others: ${operator} a`,
      body: `${EACH} return ${MIXED}.flatMap((a) => each(() => ${operator} a));`,
    })),
    ...combine(FORMATS).map(([title, call]) => ({
      title: `Number ${title}`,
      body: `${EACH} return ${/toString/.test(call) ? INTEGER_VALUES : FORMATTED}.flatMap((x) => each(() => x.${call}));`,
    })),
    ...MATHS.map((f) => ({
      title: `Math.${f}`,
      body: `${EACH} return [...${NUMBERS}, ...${MIXED}].flatMap((x) => each(() => Math.${f}(x)));`,
    })),
    ...[
      'parseInt',
      'parseFloat',
      'Number',
      'isNaN',
      'Number.isInteger',
      'Number.isSafeInteger',
      'String',
      'Boolean',
      'Object.is.bind(null, 0)',
    ].map((f) => ({
      title: `${f} of anything`,
      body: `${EACH} const values = [...${NUMBERS}, ...${MIXED}, "12abc", ".5", "5.", "-0", "Infinity", "1_000", "0b11", "0o17", "\\u00a07\\ufeff", "1n"]; return values.flatMap((x) => each(() => ${f}(x)));`,
    })),
    {
      title: 'literals',
      body: 'return [0xff, 0o17, 0b101, 1_000, .5, 5., 1e3, 0xFF.toString(2), 0b1.toFixed(1), 0o7.constructor.name, 1..toString(), 017 === 15, 089];',
    },
    {
      title: 'min, max and hypot',
      body: `${EACH} return each(() => Math.max(), () => Math.min(), () => Math.max(1, NaN), () => Object.is(Math.max(-0, 0), 0), () => Math.hypot(3, 4), () => Math.hypot(), () => Math.max("5", [7]), () => Math.max(1n));`,
    },
    {
      title: 'rounding to halves',
      body: 'return [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999999999999994, 2 ** 52 + 0.5].map(Math.round);',
    },
    {
      title: 'sums of tenths',
      body: 'return [0.1 + 0.2, 0.1 * 3, 1 / 3, 100 * 1.1, 1.1 + 2.2, 4.35 * 100].map(String);',
    },
  ],
};
