import { js, type Subject } from '../program.js';

export const numbers: Subject = {
  subject: 'numbers and Math',
  programs: [
    {
      title: 'literals in every notation',
      body: js`
        return [0, -0, 1, 255, 256, 65535, 65536, 2147483647, 2147483648, -2147483648, -2147483649, 4294967296, 0.1,
          .5, 5., 1e3, 1E-7, 0xff, 0o17, 0b11, 017, 089, 1_000.5_5, 1e308 * 10, 5e-324, 9007199254740993,
          123456789.123456789, 0x7fffffffffffffff];
      `,
    },
    {
      title: 'integer overflow moves to doubles and back',
      body: js`
        let a = 2147483647; a++; let b = -2147483648; b--; let c = 1 << 31; let d = 46341 * 46341;
        return [a, b, c, d, a | 0, b | 0, 2147483647 + 1, -(-2147483648), 5 / 2, 4 / 2, 7 % -3, -7 % 3, -4 % 2,
          2 ** 31, 2 ** -1, (-8) ** (1 / 3)];
      `,
    },
    {
      title: 'bitwise and shift operators convert to 32 bits',
      body: js`
        return [1 << 32, 1 << 33, -1 >>> 0, -1 >> 31, -1 >>> 31, 2 ** 32 | 0, 2 ** 53 >> 1, ~5, ~~-7.9, 5 & -2, 5 ^ 3,
          NaN | 1, '7' & 3, 1.9 | 0, 0xffffffff | 0, 0xffffffff >>> 4, -5 >> 1, 1e20 | 0, Infinity >>> 0];
      `,
    },
    {
      title: 'number to text in decimal',
      body: js`
        return [0.1 + 0.2, 1e21, 1e20, 123e-20, 1e-6, 1e-7, 100, 1.5e300, 4.35, 0.000001234, 2 ** 70, 1 / 3, -1e-10,
          5e-324, 1.7976931348623157e308, 9007199254740992].map(String);
      `,
    },
    {
      title: 'toFixed, toPrecision, toExponential and toString with a radix',
      body: js`
        const out = [(1.005).toFixed(2), (1e21).toFixed(2), (-1.5).toFixed(0), (0.000001).toFixed(7),
          (123.456).toPrecision(4), (0.00001).toPrecision(1), (123456).toPrecision(2), (12345).toExponential(2),
          (0).toExponential(), (255).toString(16), (0.5).toString(2), (-255).toString(36), (0.1).toString(3),
          (1e21).toString(7), (2.5).toFixed(0), (1.45).toFixed(1)];
        for (const f of [() => (1).toFixed(101), () => (1).toString(1), () => (1).toPrecision(0)]) {
          try { out.push(f()); } catch (e) { out.push(e.name + ': ' + e.message); } }
        return out;
      `,
    },
    {
      title: 'text to number, by every way',
      body: js`
        const inputs = ['', ' ', '12', ' 12\n', '1e3', '0x1F', '0b11', '0o7', '-0', '+5', '-0x1', '1_0', 'Infinity',
          '-Infinity', 'infinity', '12px', '.5', '5.', '.', '1e1000', '\u00a07', '0.0000001', 'NaN'];
        return inputs.map((s) => [Number(s), parseInt(s), parseFloat(s)]).concat(
          [[parseInt('ff', 16), parseInt('z', 36), parseInt('0x1f', 10)],
          [parseInt('12', 2), parseInt(null, 36), parseInt(0.0000005)]]);
      `,
    },
    {
      title: 'conversion of other types to numbers',
      body: js`
        return [[], [5], [1, 2], {}, null, undefined, true, new Date(5), '3', { valueOf: () => 7 },
          { toString: () => '8' }, { valueOf: () => ({}), toString: () => 9 }].map((x) => [+x, x * 1, -x, x - 0]);
      `,
    },
    {
      title: 'Math on special values',
      body: js`
        const values = [0, -0, 1, -1, 0.5, -0.5, 2.5, -2.5, NaN, Infinity, -Infinity];
        return ['round', 'floor', 'ceil', 'trunc', 'sign', 'abs', 'sqrt', 'cbrt', 'clz32',
          'fround'].map((f) => values.map((v) => Math[f](v)));
      `,
    },
    {
      title: 'Math functions give the same doubles',
      body: js`
        const xs = [0.1, 0.7, 1.3, 2.9, 10.5];
        return ['sin', 'cos', 'tan', 'atan', 'exp', 'log', 'log2', 'log10', 'log1p', 'expm1', 'sinh', 'cosh', 'tanh',
          'asinh', 'acosh', 'f16round'].map((f) =>
          xs.map((x) => Math[f](x))).concat([xs.map((x) => x ** 1.7),
          [Math.hypot(3, 4), Math.atan2(1, -1), Math.max(), Math.min(), Math.max(1, NaN), Math.imul(0xffffffff, 5),
          Math.pow(2, 0.5), Math.sumPrecise([1e20, 0.1, -1e20])]]);
      `,
    },
    {
      title: 'equality, identity and ordering of odd values',
      body: js`
        return [NaN === NaN, Object.is(NaN, NaN), 0 === -0, Object.is(0, -0), 1 / -0, null == 0, null >= 0,
          undefined == null, undefined >= undefined, '2' > '12', 2 > '12', 'a' < 'B', [2] > 1, [1, 2] == '1,2',
          true == '1', 'true' == true, null == undefined, NaN != NaN];
      `,
    },
    {
      title: 'constants and tests of Number',
      body: js`
        return [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.EPSILON, Number.MAX_VALUE, Number.MIN_VALUE,
          [1, 1.5, '1', NaN, 2 ** 53, Infinity].map((x) =>
          [Number.isInteger(x), Number.isSafeInteger(x), Number.isFinite(x), isFinite(x), Number.isNaN(x), isNaN(x)]),
          Math.PI, Math.E, Math.SQRT1_2];
      `,
    },
    {
      title: 'a deterministic simulation in floating point',
      body: js`
        let s = 12345; const rnd = () => ((s = (s * 1103515245 + 12345) % 2147483648) / 2147483648);
        let inside = 0; for (let i = 0; i < 5000; i++) if (Math.hypot(rnd(), rnd()) < 1) inside++;
        let x = 0.5; for (let i = 0; i < 100; i++) x = 3.9 * x * (1 - x);
        return [inside, x, s];
      `,
    },
  ],
};
