import { js, type Subject } from '../program.js';

export const closures: Subject = {
  subject: 'closures and scopes',
  programs: [
    {
      title: 'closures share the variables they capture',
      body: js`
        const make = () => { let n = 0; return { up: () => ++n, down: () => --n, get n() { return n; } }; };
        const a = make(), b = make();
        a.up(); a.up(); b.down();
        return [a.n, b.n, a.up(), a.down(), b.n];
      `,
    },
    {
      title: 'captured through several levels, some used only by the innermost',
      body: js`
        const f = (a) => (b) => { const c = a + b;
          return (d) => { const e = c * d; return () => ({ a, b, c, d, e, sum: (() => (() => a + e)())() }); }; };
        return f(1)(2)(3)();
      `,
    },
    {
      title: 'many captured variables and many constants in one function',
      body: [
        ...Array.from({ length: 300 }, (_, i) => `let v${i} = 'value ${i}'; const f${i} = () => v${i} + ${i + 0.5};`),
        'return [f0(), f255(), f256(), f299(), (() => { v299 = "changed"; return f299(); })()];',
      ].join('\n'),
    },
    {
      title: 'memoise, curry, compose, pipe and once',
      body: js`
        const memo = (f, seen = new Map()) => (x) => { if (!seen.has(x)) seen.set(x, f(x)); return seen.get(x); };
        let calls = 0;
        const slow = memo((n) => (calls++, n < 2 ? n : slow(n - 1) + slow(n - 2)));
        const curry = (f, ...a) => (a.length >= f.length ? f(...a) : (...b) => curry(f, ...a, ...b));
        const compose = (...fs) => (x) => fs.reduceRight((v, f) => f(v), x);
        const once = (f) => { let r; return (...a) => (f && ((r = f(...a)), (f = null)), r); };
        const o = once(() => ++calls);
        return [slow(30), calls, curry((a, b, c) => a + b + c)(1)(2, 3), compose((x) => x + 1, (x) => x * 2)(5), o(),
          o()];
      `,
    },
    {
      title: 'block scopes shadow and restore',
      body: js`
        let x = 'outer';
        const log = [x];
        { let x = 'block'; log.push(x); { const x = 'inner'; log.push(x); } log.push(x); }
        for (const x of ['loop']) log.push(x);
        try { throw 'caught'; } catch (x) { log.push(x); { let x = 'in catch'; log.push(x); } }
        (function (x) { log.push(x); })('parameter');
        (function x() { log.push(typeof x); })();
        log.push(x);
        return log;
      `,
    },
    {
      title: 'closures over loop variables of for-in, for-of and while',
      body: js`
        const fs = [];
        for (const k in { a: 1, b: 2 }) fs.push(() => k);
        for (let v of [1, 2]) { fs.push(() => v); v *= 10; }
        let i = 2;
        while (i--) { const copy = i; fs.push(() => copy + ':' + i); }
        return fs.map((f) => f());
      `,
    },
    {
      title: 'named function expressions bind their name inside, read-only',
      body: js`
        const f = function self(n) { self = null; return n ? self(n - 1) + 1 : typeof self; };
        const strict = function self() { 'use strict'; self = 1; };
        let error;
        try { strict(); } catch (e) { error = e.name + ': ' + e.message; }
        return [f(3), typeof self, error];
      `,
    },
    {
      title: 'immediately invoked functions, private state and modules by hand',
      body: js`
        const module = (() => { const store = new Map(); let id = 0;
          const api = { add: (v) => (store.set(++id, v), id), all: () => Object.fromEntries(store) };
          return Object.freeze(api); })();
        module.add('x'); module.add('y');
        return [module.all(), !(function () { return false; })(), +(() => '7')(), void (() => 1)()];
      `,
    },
    {
      title: 'closures over this, super, arguments and new.target in nested arrows',
      body: js`
        class A { who() { return 'A'; } }
        class B extends A {
          constructor() { const late = () => super();
            const r = () => () => [new.target === B, this.who(), super.who()]; late(); this.r = r()(); }
          who() { return 'B'; }
          args() { return (() => () => [...arguments])()(); }
        }
        const b = new B();
        return [b.r, b.args(1, 2)];
      `,
    },
    {
      title: 'Y combinator and church numerals',
      body: js`
        const Y = (f) => ((x) => x(x))((x) => f((y) => x(x)(y)));
        const zero = (f) => (x) => x, succ = (n) => (f) => (x) => f(n(f)(x)), mul = (a) => (b) => (f) => a(b(f));
        const three = succ(succ(succ(zero)));
        return [Y((r) => (n) => (n ? n * r(n - 1) : 1))(10), mul(three)(three)((n) => n + 1)(0)];
      `,
    },
  ],
};
