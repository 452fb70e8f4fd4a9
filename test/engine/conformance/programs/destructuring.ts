import { js, type Subject } from '../program.js';

export const destructuring: Subject = {
  subject: 'destructuring and defaults',
  programs: [
    {
      title: 'nested patterns with renames, defaults and rest',
      body: js`
        const { a: { b: [first, , third = 'third', ...others], c = 'c' }, ...rest }
        = { a: { b: [1, 2, undefined, 4, 5] }, d: 1, e: 2 };
        return { first, third, others, c, rest };
      `,
    },
    {
      title: 'defaults apply to undefined only and are evaluated lazily, left to right',
      body: js`
        const log = [];
        const d = (x) => (log.push(x), x);
        const { a = d('a'), b = d('b'), c = d('c'), e = d(a + b) } = { a: null, b: 0, c: undefined };
        const [f = d('f'), g = f + d('g')] = [];
        return [a, b, c, e, f, g, log];
      `,
    },
    {
      title: 'assignment patterns write to any target, in order',
      body: js`
        const log = [];
        const o = { set x(v) { log.push('x=' + v); }, arr: [] };
        const target = (name) => (log.push('target ' + name), o);
        [target('first').x, o.arr[1], ...o.arr2] = [1, 2, 3, 4];
        ({ p: target('second')['y'], q: [o.z = 'dz'] = [] } = { p: 'P' });
        return [log, o.arr, o.arr2, o.y, o.z];
      `,
    },
    {
      title: 'swapping and rotating through patterns',
      body: js`
        let a = 1, b = 2, c = 3;
        [a, b] = [b, a];
        [a, b, c] = [c, a, b];
        const list = [1, 2, 3, 4];
        for (let i = 0, j = list.length - 1; i < j; i++, j--) [list[i], list[j]] = [list[j], list[i]];
        return [a, b, c, list];
      `,
    },
    {
      title: 'array patterns take only what they need from an iterator and then close it',
      body: js`
        const log = [];
        const iterable = { [Symbol.iterator]() {
          let n = 0; return { next() { log.push('next'); return { value: n++, done: n > 4 }; },
          return() { log.push('return'); return {}; } }; } };
        const [a, , b] = iterable;
        const [...all] = iterable;
        const [] = iterable;
        return [a, b, all, log.join(' ')];
      `,
    },
    {
      title: 'computed keys and symbol keys in object patterns',
      body: js`
        const s = Symbol('s');
        let n = 0;
        const key = () => 'k' + ++n;
        const { [key()]: one, [key()]: two = 'default', [s]: sym, ...rest } = { k1: 1, [s]: 'sym', other: 2 };
        return [one, two, sym, rest, n];
      `,
    },
    {
      title: 'parameters may be patterns with defaults that see earlier parameters',
      body: js`
        const f = ({ a, b = a * 2 } = { a: 10 }, [c = b, d = () => c] = [], ...[e, ...g]) => [a, b, c, d(), e, g];
        return [f(), f({ a: 1 }, [5]), f({ a: 1, b: 0 }, [], 'e', 'g', 'h'), f.length];
      `,
    },
    {
      title: 'parameter scope is separate from the body scope',
      body: js`
        var x = 'outer';
        function f(a = () => x) { var x = 'inner'; return [a(), x]; }
        function g(x, a = () => x) { var x; const before = x; x = 'changed'; return [before, a(), x]; }
        function h(a = b, b = 1) { return [a, b]; }
        let error;
        try { h(); } catch (e) { error = e.name; }
        return [f(), g('param'), error, h(2)];
      `,
    },
    {
      title: 'destructuring null and undefined throws',
      body: js`
        const out = [];
        const attempt = (f) => { try { out.push(f()); } catch (e) { out.push(e.name); } };
        attempt(() => { const {} = null; });
        attempt(() => { const { a } = undefined; });
        attempt(() => { const [a] = {}; });
        attempt(() => { const { a: { b } } = {}; });
        attempt(() => (({ length }) => length)('text'));
        attempt(() => { const { toFixed } = 5; return typeof toFixed; });
        return out;
      `,
    },
    {
      title: 'destructuring in for-of, for-in and catch',
      body: js`
        const out = [];
        for (const [k, { v = 'none' }] of new Map([['a', { v: 1 }], ['b', {}]])) out.push(k + v);
        for (const [first, second = '-'] in { ab: 1, c: 2 }) out.push(first + second);
        try { throw { code: 1, inner: ['x', 'y'] }; } catch ({ code, inner: [, y] }) { out.push(code + y); }
        let o = {};
        for (o.key of [1, 2]) out.push(o.key);
        for ([o.p, o.q = 'q'] of [[1], [2, 3]]) out.push(o.p + ':' + o.q);
        return out;
      `,
    },
    {
      title: 'functions in defaults get the name of their binding',
      body: js`
        const { f = () => {}, g: h = function () {}, k = class {} } = {};
        const [m = () => {}, n = (() => {})] = [];
        return [f.name, h.name, k.name, m.name, n.name];
      `,
    },
    {
      title: 'the value of a destructuring assignment is its right side',
      body: js`
        let a, b;
        const source = [1, 2, 3];
        const result = ([a, b] = source);
        const chained = ({ a, b } = { length: [a] } = { a: 'x', b: 'y', length: ['z'] });
        return [result === source, chained, a, b];
      `,
    },
  ],
};
