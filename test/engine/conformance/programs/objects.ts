import { js, type Subject } from '../program.js';

export const objects: Subject = {
  subject: 'object literals, spread and computed keys',
  programs: [
    {
      title: 'computed keys and values are evaluated in source order',
      body: js`
        const log = []; const k = (x) => (log.push('k' + x), x), v = (x) => (log.push('v' + x), x);
        const o = { [k('a')]: v(1), b: v(2), [k('c')]() {}, get [k('d')]() { return 4; },
          ...(log.push('spread'), { e: 5 }), [k(7)]: v(7), async *[k('g')]() {} };
        return [o, log.join(' ')];
      `,
    },
    {
      title: 'keys are converted with ToPropertyKey once',
      body: js`
        let n = 0; const key = { toString() { n++; return 'key'; } }; const o = { [key]: 1 }; o[key] += 1;
        o[null] = 'n'; o[undefined] = 'u'; o[1.50] = 'num'; o[[1, 2]] = 'arr'; o[-0] = 'zero'; o[1e21] = 'big';
        return [o, n];
      `,
    },
    {
      title: 'spread copies own enumerable values and runs getters',
      body: js`
        const s = Symbol('s'); const source = Object.create({ inherited: 1 },
          { hidden: { value: 1 }, shown: { value: 2, enumerable: true } });
        let reads = 0; const getter = { get g() { return ++reads; }, [s]: 'sym' };
        const setter = { set g(v) { throw new Error('not called'); } };
        return [{ ...source }, { ...getter, ...getter }, { ...setter, ...getter },
          { ...'hi', ...[9], ...null, ...undefined, ...5, ...true }, { a: 1, ...{ a: 2, b: 3 }, b: 4 },
          Object.keys({ ...{ 2: 'b', 1: 'a' }, z: 1 })];
      `,
    },
    {
      title: 'shorthand names, keyword keys, numeric keys and duplicates',
      body: js`
        const a = 1, async = 2, get = 3, set = 4, of = 5;
        return { a, async, get, set, of, if: 1, class: 2, 'quoted key': 3, 0x10: 4, 1e3: 5, .5: 6, a: 'duplicate',
          static: 7, await: 8, new: { target: 9 }, 10n: 10 };
      `,
    },
    {
      title: 'Object.assign, entries, fromEntries and groupBy',
      body: js`
        const log = []; const target = { set x(v) { log.push(v); } };
        Object.assign(target, { x: 1 }, null, { x: 2, y: 3 }, 'ab');
        return [log, target, Object.fromEntries(Object.entries({ a: 1, b: 2 }).map(([k, v]) => [v, k])),
          Object.fromEntries(new Map([['m', 1]])), Object.entries('ab'), Object.values([5, 6]),
          Object.groupBy([1, 2, 3], (x) => (x > 1 ? 'many' : 'one'))];
      `,
    },
    {
      title: 'prototype chains: create, setPrototypeOf, isPrototypeOf and cycles',
      body: js`
        const a = { level: 'a' }, b = Object.create(a, { own: { value: 1, enumerable: true } });
        const c = { __proto__: b, level: 'c' };
        const out = [c.level, b.level, c.own, a.isPrototypeOf(c), Object.getPrototypeOf(c) === b,
          c.hasOwnProperty('own'), Object.hasOwn(c, 'level'), 'own' in c, c.propertyIsEnumerable('own')];
        try { Object.setPrototypeOf(a, c); } catch (e) { out.push(e.name + ': ' + e.message); }
        Object.setPrototypeOf(c, null); out.push(c.own, String(Object.getPrototypeOf(c))); c.__proto__ = 'plain';
        out.push(c);
        return out;
      `,
    },
    {
      title: 'conversion of objects by valueOf and toString',
      body: js`
        const o = { valueOf: () => 10, toString: () => 'text' }; const n = Object.create(null);
        const out = [o + 1, \`\${o}\`, o * 2, o == 10, o > 9, [o] + '', String(o), { text: 'by name' }[o],
          +new Date(7), [] == false, [0] == false];
        try { n + ''; } catch (e) { out.push(e.name + ': ' + e.message); }
        return out;
      `,
    },
    {
      title: 'an object with very many properties, added and deleted',
      body: js`
        const o = {}; for (let i = 0; i < 1000; i++) o['key' + ((i * 7) % 1000)] = i;
        for (let i = 0; i < 1000; i += 3) delete o['key' + i];
        let sum = 0; for (const k in o) sum += o[k];
        return [Object.keys(o).length, Object.keys(o).slice(0, 5), sum, 'key3' in o, o.key4];
      `,
    },
    {
      title: 'a large literal keeps all its entries',
      body: [
        'const o = {',
        ...Array.from({ length: 400 }, (_, i) => `k${i}: ${[`'v${i}'`, `[${i}]`, `{ n: ${i}.25 }`][i % 3]},`),
        '};',
        'return [Object.keys(o).length, o.k0, o.k255, o.k256, o.k399, JSON.stringify(o).length];',
      ].join('\n'),
    },
    {
      title: 'deep clone, deep equal, merge and path access',
      body: js`
        const clone = (v, seen = new Map()) => {
          if (typeof v !== 'object' || v === null) return v; if (seen.has(v)) return seen.get(v);
          const c = Array.isArray(v) ? [] : {}; seen.set(v, c);
          for (const [k, x] of Object.entries(v)) c[k] = clone(x, seen); return c; };
        const equal = (a, b) => Object.is(a, b) ||
          (typeof a === 'object' && typeof b === 'object' && a && b &&
          Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((k) => equal(a[k], b[k])));
        const merge = (a, b) => ({ ...a,
          ...Object.fromEntries(Object.entries(b).map(([k, v]) =>
          [k, typeof v === 'object' && typeof a[k] === 'object' ? merge(a[k], v) : v])) });
        const at = (o, p) => p.split('.').reduce((v, k) => v?.[k], o);
        const o = { a: { b: [1, { c: 2 }] } }; const copy = clone(o); const cyclic = { self: null };
        cyclic.self = cyclic; const cc = clone(cyclic);
        return [equal(o, copy), copy !== o, copy.a.b !== o.a.b, cc.self === cc,
          merge({ a: { x: 1, y: 2 }, k: 1 }, { a: { y: 3 } }), at(o, 'a.b.1.c'), at(o, 'a.z.q')];
      `,
    },
  ],
};
