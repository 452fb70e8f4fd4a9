import { js, type Subject } from '../program.js';

export const bigints: Subject = {
  subject: 'BigInt',
  programs: [
    {
      title: 'literals in every radix, with separators',
      body: js`
        return [0n, 123n, 0xffn, 0o17n, 0b1010n, 1_000_000n, 0xDEAD_BEEFn, 18446744073709551616n, -(2n ** 63n)];
      `,
    },
    {
      title: 'arithmetic with large operands is exact',
      body: js`
        const a = 2n ** 200n - 1n;
        const b = 3n ** 100n;
        return [a + b, a - b, a * b, a / b, a % b, (a / b) * b + (a % b) === a, -a / 7n, -a % 7n, 7n ** 0n,
          (-2n) ** 63n];
      `,
    },
    {
      title: 'bitwise operators act on two-complement of any width',
      body: js`
        const a = 0xffff_0000_ffff_0000_1n;
        return [a & 0xfffffn, a | 1n << 80n, a ^ a, ~a, ~0n, -1n >> 100n, -5n >> 1n, 1n << 70n, -1n << 3n, 8n >> 2n,
          8n << -2n, -256n & 0xffn];
      `,
    },
    {
      title: 'comparison and equality mix with numbers and strings',
      body: js`
        return [1n === 1, 1n == 1, 1n == '1', 2n > 1, '3' > 2n, 1n < 1.5, 0n == '', 1n == '1n', NaN < 1n,
          Infinity > 10n ** 400n, [3n, 1, 2n, '0'].sort((a, b) => (a < b ? -1 : 1)), Object.is(0n, -0n),
          new Set([1n, 1n, 1]).size];
      `,
    },
    {
      title: 'mixing with numbers in arithmetic throws',
      body: js`
        const out = [];
        const attempt = (f) => { try { out.push(f()); } catch (e) { out.push(e.name + ': ' + e.message); } };
        attempt(() => 1n + 1); attempt(() => 1n * 1.5); attempt(() => +1n); attempt(() => Math.max(1n));
        attempt(() => 1n >>> 0n);
        attempt(() => 1n / 0n); attempt(() => 1n % 0n); attempt(() => 2n ** -1n); attempt(() => 1n + 'text');
        attempt(() => 1n & 1);
        return out;
      `,
    },
    {
      title: 'conversion from and to strings and numbers',
      body: js`
        const out = [];
        for (const x of [10, '  42 ', '0x1f', '', true, 2 ** 60, -0, '-7']) out.push(BigInt(x));
        for (const x of [1.5, 'x', '1n', '-0x1', undefined, null, Symbol(), NaN]) {
          try { out.push(BigInt(x)); } catch (e) { out.push(e.name); } }
        return [out, Number(2n ** 64n), Number(2n ** 53n + 1n), Number(-(10n ** 400n)), parseInt('12n'), String(-5n),
          (255n).toString(16), (2n ** 70n).toString(36)];
      `,
    },
    {
      title: 'asIntN and asUintN wrap around',
      body: js`
        return [BigInt.asIntN(8, 255n), BigInt.asIntN(8, 128n), BigInt.asUintN(8, -1n), BigInt.asUintN(64, -1n),
          BigInt.asIntN(64, 2n ** 63n), BigInt.asIntN(0, 5n), BigInt.asUintN(200, -1n), BigInt.asIntN(1, 1n)];
      `,
    },
    {
      title: 'increment, compound assignment and truthiness',
      body: js`
        let a = 5n;
        const post = a++;
        const pre = --a;
        a += 10n; a **= 3n; a <<= 4n; a /= 7n; a ^= 3n; a ||= 1n; a &&= a - 1n;
        let z = 0n; z ||= 9n;
        return [post, pre, a, z, !0n, !!1n, -a, 0n ? 't' : 'f', typeof a, typeof Object(a), Object(1n) + 2n];
      `,
    },
    {
      title: 'algorithms: modular power, gcd, square root, factorial',
      body: js`
        const modpow = (b, e, m) => { let r = 1n;
          for (b %= m; e > 0n; e >>= 1n, b = (b * b) % m) if (e & 1n) r = (r * b) % m; return r; };
        const gcd = (a, b) => (b ? gcd(b, a % b) : a);
        const sqrt = (n) => { let x = n, y = (x + 1n) / 2n; while (y < x) { x = y; y = (x + n / x) / 2n; } return x; };
        let f = 1n;
        for (let i = 1n; i <= 40n; i++) f *= i;
        return [modpow(3n, 1000n, 10n ** 20n + 39n), gcd(f, 2n ** 100n), sqrt(10n ** 60n), f];
      `,
    },
    {
      title: 'BigInt in keys, templates, JSON and typed arrays',
      body: js`
        const o = { 1n: 'one', [2n]: 'two' };
        let json;
        try { JSON.stringify({ a: 1n }); } catch (e) { json = e.name + ': ' + e.message; }
        BigInt.prototype.toJSON = function () { return this + 'n'; };
        return [o[1], o['2'], \`\${3n}\`, json, JSON.stringify([1n]), new BigInt64Array([2n ** 63n, -1n]),
          new BigUint64Array([-1n])];
      `,
    },
  ],
};
