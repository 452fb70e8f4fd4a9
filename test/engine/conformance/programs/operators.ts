import { js, type Subject } from '../program.js';

export const operators: Subject = {
  subject: 'operators',
  programs: [
    {
      title: 'optional chains short-circuit as a whole',
      body: js`
        let n = 0; const count = () => ++n;
        const o = { a: { b: () => ({ c: 'deep' }) }, nil: null, self() { return this === o; } };
        return [o?.a?.b?.()?.c, o.nil?.x.y.z[count()](count()), n, o.missing?.(count()), o['a']?.['b']?.().c,
          (o.nil?.x)?.y, o?.self(), (o?.self)(), o.self?.(), delete o?.nil, delete o.gone?.x, 'nil' in o];
      `,
    },
    {
      title: 'optional chains do not hide other errors',
      body: js`
        const out = [];
        for (const f of [() => ({ a: 1 })?.a(), () => null?.x, () => (null?.x).y, () => undeclared?.x, () => (0)?.x.y,
          () => new (class { #p; static t(o) { return o?.#p; } })().constructor.t(null)]) {
          try { out.push(f()); } catch (e) { out.push(e.name + ': ' + e.message); } }
        return out;
      `,
    },
    {
      title: 'nullish coalescing takes null and undefined only',
      body: js`
        let n = 0; const f = () => ++n;
        return [null ?? 'd', undefined ?? 'd', 0 ?? 'd', '' ?? 'd', false ?? 'd', NaN ?? 'd', 1 ?? f(), n,
          (null || undefined) ?? 'mixed', null ?? (0 || 'or'), document_ ?? 'x']; var document_;
      `,
    },
    {
      title: 'logical assignment writes only when it has to',
      body: js`
        const log = [];
        const o = { get a() { log.push('get a'); return 1; }, set a(v) { log.push('set a'); },
          get z() { log.push('get z'); return 0; }, set z(v) { log.push('set z=' + v); } };
        o.a ||= 2; o.a &&= 3; o.a ??= 4; o.z ||= 5; o.z &&= 6; o.z ??= 7;
        const frozen = Object.freeze({ x: 1 }); (function () { 'use strict'; frozen.x ||= 2; frozen.x ??= 3; })();
        let key = 0; const t = {}; t[key++] ??= 'once'; t[key++] ??= (log.push('right'), 'r');
        let f; f ??= () => {};
        return [log, t, key, f.name];
      `,
    },
    {
      title: 'compound assignment reads its target before its right side',
      body: js`
        let x = 1; x += (x = 5, x * 2); const o = { n: 1 }; o.n += (o.n = 10, 1);
        let log = ''; const obj = () => ((log += 'o'), o), k = () => ((log += 'k'), 'n'), v = () => ((log += 'v'), 3);
        obj()[k()] **= v(); obj()[k()]++; --obj()[k()];
        let s = 'a'; s += 1 + 2; s += s; let b = 7; b >>>= 1; b |= 8; b ^= 2; b &= ~1; b <<= 2; b %= 10; b -= -1;
        return [x, o.n, log, s, b];
      `,
    },
    {
      title: 'operands are evaluated left to right, conversions included',
      body: js`
        const log = []; const v = (n, x) => ({ valueOf() { log.push('value ' + n); return x; } });
        const e = (n, x) => (log.push('eval ' + n), v(n, x));
        const r = [e('a', 1) + e('b', 2) * e('c', 3), e('d', 1) < e('e', 2), e('f', 2) ** e('g', 3) ** e('h', 1),
          e('i', 1) > e('j', 0), -e('k', 1), e('l', 1) == 1];
        return [r, log.join(' ')];
      `,
    },
    {
      title: 'addition chooses between numbers and text',
      body: js`
        return [1 + '2', '3' - 1, 1 + 2 + '3', '1' + 2 + 3, [] + {}, [] + [], null + 1, undefined + 1, true + true,
          'a' + null, 1 + [2], ({}) + 1, 1 + { valueOf: () => 41 },
          '' + { toString: () => 'text', valueOf: () => 'value' },
          \`\${{ toString: () => 'text', valueOf: () => 'value' }}\`, '5' * '2', +'', -'3'];
      `,
    },
    {
      title: 'precedence and associativity',
      body: js`
        return [2 ** 3 ** 2, (-2) ** 2, 1 + 2 * 3 % 4 - 5, 1 < 2 < 3, 3 > 2 > 1, !1 + 1, typeof 1 + 1, -2 + +'3',
          1 ? 2 : 3 ? 4 : 5, 5 & 3 | 4 ^ 1, 1 << 2 + 1, 'a' in { a: 1 } === true, 1 || 0 && 0, (1, 2, 3), void 0 ?? 1,
          !'' + 1, 7 - -3, + + '1', - - 1];
      `,
    },
    {
      title: 'typeof, void, in, instanceof and comma',
      body: js`
        let n = 0;
        return [typeof undeclared, typeof null, typeof (() => 1), typeof class {}, typeof Symbol(), typeof 1n,
          typeof typeof 1, void n++, n, (n++, n++, n), 'length' in [], 1 in ['a', 'b'], 'x' in Object.create({ x: 1 }),
          [] instanceof Object, Object.create(null) instanceof Object,
          (() => { try { 'a' in 'abc'; } catch (e) { return e.name + ': ' + e.message; } })(),
          (() => { try { 1 instanceof 1; } catch (e) { return e.name + ': ' + e.message; } })(), 1 instanceof Number];
      `,
    },
    {
      title: 'delete of properties, elements, variables and in strict mode',
      body: js`
        const o = { a: 1, get b() { return 1; } }; const a = [1, 2, 3]; var v = 1; globalThis.implicit = 1;
        sloppyGlobal = 2;
        const out = [delete o.a, delete o.b, delete o.none, delete a[1], delete a.length, delete v, delete implicit,
          delete sloppyGlobal, delete 1, delete Math.PI, o, a, typeof v, typeof implicit, typeof sloppyGlobal];
        (function () { 'use strict'; try { delete Object.freeze([1])[0]; }
          catch (e) { out.push(e.name + ': ' + e.message); } })();
        return out;
      `,
    },
    {
      title: 'increment and decrement on every kind of target',
      body: js`
        let a = 1; const o = { p: '5', q: null, u: undefined }; const arr = [1, 2]; let i = 0; let s = 'x';
        return [a++ + ++a, a-- - --a, o.p++, o.p, ++o.q, o.u++, o.u, arr[i++]++, arr[i]--, arr, i, s++, s, -0 + 0,
          (() => { let z = -1; z++; return Object.is(z, 0); })()];
      `,
    },
    {
      title: 'conditional and logical operators return operands',
      body: js`
        return [0 || 'a', 1 && 'b', '' && 'c', null || undefined, 1 && 2 && 3, 0 || '' || NaN, !!'false', ![],
          !{} || 'x', (true && null) ?? 'n', [] && 'truthy', -0 || 'minus zero', 0n || 'big zero'];
      `,
    },
  ],
};
