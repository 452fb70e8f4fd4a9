import { js, type Subject } from '../program.js';

export const functions: Subject = {
  subject: 'functions, arguments and new.target',
  programs: [
    {
      title: 'arguments maps parameters in sloppy functions with simple parameters',
      body: js`
        function sloppy(a, b) { a = 'A'; arguments[1] = 'B'; return [a, b, [...arguments], arguments.length]; }
        function strict(a, b) { 'use strict'; a = 'A'; arguments[1] = 'B'; return [a, b, [...arguments]]; }
        function defaults(a, b = 1) { a = 'A'; arguments[1] = 'B'; return [a, b, [...arguments]]; }
        function unmapped(a) { delete arguments[0]; arguments[0] = 'new'; return [a, arguments[0]]; }
        return [sloppy(1, 2, 3), sloppy(1), strict(1, 2), defaults(1, 2), unmapped('old')];
      `,
    },
    {
      title: 'the arguments object and its properties',
      body: js`
        function f() { return [Object.prototype.toString.call(arguments), typeof arguments.callee,
          arguments[Symbol.iterator] === Array.prototype.values, Object.keys(arguments), Array.isArray(arguments),
          JSON.stringify(arguments)]; }
        function g() { 'use strict'; try { return arguments.callee; } catch (e) { return e.name + ': ' + e.message; } }
        function h() { var arguments = 'shadowed'; return arguments; }
        function k(arguments) { return arguments; }
        return [f(1, 'x'), g(), h(1), k('parameter'),
          (function () { return arguments.length; })(...[1, 2], undefined)];
      `,
    },
    {
      title: 'rest and spread in calls and constructors',
      body: js`
        const f = (a, ...rest) => [a, rest, rest.length]; class C { constructor(...all) { this.all = all; } }
        return [f(), f(1), f(1, 2, 3), f(...'ab', ...[], ...new Set([1])), new C(...[1, 2], 3), Math.max(...[1, 5], 3),
          f.length, f.apply(null, { length: 2, 0: 'x' }), [].concat(...[[1], [2]]),
          String.fromCharCode(...Array(300).fill(97)).length];
      `,
    },
    {
      title: 'name and length of every kind of function',
      body: js`
        const o = { m() {}, get g() { return 1; }, ['c' + 1]: (a, b) => {}, async a() {}, *gen() {},
          fn: function (a, b = 1, c) {} };
        let assigned; assigned = () => {};
        const d = (x) => x; const bound = function original(a, b, c) {}.bind(null, 1);
        return [o.m, Object.getOwnPropertyDescriptor(o, 'g').get, o.c1, o.a, o.gen, o.fn, assigned, d, bound,
          (() => {}), (function () {}), Object.getOwnPropertyDescriptor(d, 'name'), (({ a }, [b], ...c) => {}).length];
      `,
    },
    {
      title: 'call, apply and bind set this and prepend arguments',
      body: js`
        function f(...a) { return [typeof this, this?.tag ?? this, ...a]; } function s() { 'use strict'; return this; }
        const b = f.bind({ tag: 'bound' }, 1);
        class P { constructor(...a) { this.a = a; this.t = new.target === P; } } const BP = P.bind(null, 'pre');
        return [f.call({ tag: 'call' }, 1), f.apply({ tag: 'apply' }, [1, 2]), b(2), b.call({ tag: 'ignored' }),
          s.call(5), s.call(null), f.call('str')[0], new BP('x'), new BP() instanceof P, b.hasOwnProperty('prototype'),
          (() => typeof this).call(1)];
      `,
    },
    {
      title: 'this depends on how a function is called',
      body: js`
        const o = { f() { return this === o; }, arrow: () => this === undefined || this === globalThis,
          nested: { f() { return this === o.nested; } } }; const { f } = o; let g;
        return [o.f(), (o.f)(), (0, o.f)(), (g = o.f)(), f(), o['f'](), o.nested.f(), o?.f(), [o.f][0](),
          (function () { return this === globalThis; })(), (function () { 'use strict'; return this; })(), o.arrow(),
          \`\${o.f\`\`}\`];
      `,
    },
    {
      title: 'new.target in functions, classes, arrows and Reflect.construct',
      body: js`
        function F() { return new.target === undefined ? 'called' : {
          kind: new.target === F ? 'F' : new.target.name, arrow: (() => new.target === F)() }; }
        class A { constructor() { this.made = new.target.name; if (new.target === A) throw new TypeError('abstract'); }
          } class B extends A {}
        const out = [F(), new F(), Reflect.construct(F, [], B), new B()];
        try { new A(); } catch (e) { out.push(e.message); }
        return out;
      `,
    },
    {
      title: 'constructors return this unless they return an object',
      body: js`
        function P() { this.x = 1; return 5; } function O() { this.x = 1; return { y: 2 }; }
        function Fn() { return () => 'fn'; } const anon = new (function () { this.z = 3; })(); const noParens = new P;
        return [new P(), new O(), new Fn()(), anon, noParens, new P() instanceof P, new O() instanceof O,
          new (class { constructor() { return undefined; } })()];
      `,
    },
    {
      title: 'hoisting of functions and variables',
      body: js`
        const out = [typeof hoisted, hoisted(), typeof later, later];
        var later = 'set'; function hoisted() { return 'first'; } function hoisted() { return 'second'; }
        var dual = 'var'; function dual() {} out.push(dual);
        out.push(typeof inBlock); { function inBlock() { return 'block'; } } out.push(typeof inBlock, inBlock());
        if (false) { function never() {} } out.push(typeof never);
        return [...out, later];
      `,
    },
    {
      title: 'block functions in strict and sloppy code',
      body: js`
        const sloppy = (function () { const before = typeof f;
          { const inside = f(); function f() { return 'f'; } f = 'reassigned'; var seen = [inside, typeof f]; }
          return [before, ...seen, typeof f]; })();
        const strict = (function () { 'use strict'; const before = typeof f;
          { function f() { return 'f'; } var inside = f(); } return [before, inside, typeof f]; })();
        const twice = (function () { { function f() { return 1; } } { function f() { return 2; } } return f(); })();
        return [sloppy, strict, twice];
      `,
    },
    {
      title: 'temporal dead zones of let, const, class and parameters',
      body: js`
        const out = []; const attempt = (f) => {
          try { out.push(f()); } catch (e) { out.push(e.name + ': ' + e.message); } };
        attempt(() => { x; let x; }); attempt(() => { typeof y; const y = 1; });
        attempt(() => { new Z(); class Z {} }); attempt(() => { a = 1; let a; });
        attempt(() => { const f = () => v; const r = []; try { f(); } catch (e) { r.push(e.name); } let v = 'ready';
          return [...r, f()].join(); }); attempt(() => ((p = q, q) => p)()); attempt(() => { let u; return u; });
        attempt(() => { for (let i = i; ;) break; }); attempt(() => { let { l = m, m } = {}; });
        return out;
      `,
    },
    {
      title: 'sloppy mode creates globals, strict mode refuses them',
      body: js`
        (function () { implicitGlobal = 'made'; })();
        const out = [implicitGlobal, globalThis.implicitGlobal,
          Object.getOwnPropertyDescriptor(globalThis, 'implicitGlobal')];
        (function () { 'use strict'; try { another = 1; } catch (e) { out.push(e.name); } try { undefined = 1; }
          catch (e) { out.push(e.name); } try { NaN = 1; } catch (e) { out.push(e.name); } })();
        undefined = 1; NaN = 2; out.push(undefined, NaN, (() => { var undefined = 3; return undefined; })());
        return out;
      `,
    },
    {
      title: 'strict mode applies to a whole body and to nested functions',
      body: js`
        'use strict';
        const out = [(function () { return this; })(), (() => { return (function () { return typeof this; })(); })()];
        const attempt = (f) => { try { out.push(f()); } catch (e) { out.push(e.name); } };
        attempt(() => { undeclaredInStrict = 1; }); attempt(() => { 'text'.x = 1; });
        attempt(() => { Object.freeze({ a: 1 }).a = 2; }); attempt(() => delete [].length);
        attempt(() => { (1).x = 1; });
        return out;
      `,
    },
    {
      title: 'with looks names up in its object first',
      body: js`
        const o = { a: 1, f() { return this === o; }, nested: { a: 2 } }; let b = 'outer b'; const out = [];
        with (o) { out.push(a, f(), b); a = 10; b = 'changed'; var declared = a;
          with (nested) { out.push(a); a++; } const g = () => a; out.push(g()); (function () { out.push(a); })();
          delete a; out.push(typeof a); }
        with ([1, 2, 3]) out.push(length, join('-')); with ('str') out.push(toUpperCase());
        try { with (null) {} } catch (e) { out.push(e.name); }
        return [out, o, b, declared];
      `,
    },
    {
      title: 'with meets let, functions, typeof and assignment of missing names',
      body: js`
        const scope = { x: 'in object' }; let x = 'outside'; const out = [];
        with (scope) { let x = 'block'; out.push(x); }
        with (scope) { out.push(typeof missing, typeof x); function inner() { return x; } out.push(inner()); }
        with (scope) { for (const i of [1, 2]) { x = i; } } out.push(scope.x, x);
        with ({ get p() { return out.length; }, set p(v) { out.push('set ' + v); } }) { p = p + 1; p ||= 5; p++; }
        return out;
      `,
    },
    {
      title: 'recursion: mutual, deep within the limits, through methods and anonymous',
      body: js`
        const even = (n) => n === 0 || odd(n - 1), odd = (n) => n !== 0 && even(n - 1);
        const ack = (m, n) => (m ? (n ? ack(m - 1, ack(m, n - 1)) : ack(m - 1, 1)) : n + 1);
        const hanoi = (n, a, b, c) => (n ? [...hanoi(n - 1, a, c, b), a + c, ...hanoi(n - 1, b, a, c)] : []);
        const sum = (n) => (n ? n + sum(n - 1) : 0);
        return [even(100), ack(2, 3), hanoi(3, 'a', 'b', 'c'), sum(500),
          (function f(n) { return n < 2 ? 1 : n * f(n - 1); })(15)];
      `,
    },
    {
      title: 'functions with many parameters, locals and arguments',
      body: [
        'const f = (',
        ...Array.from({ length: 200 }, (_, i) => `p${i}${i % 10 === 9 ? ` = ${i}` : ''},`),
        ') => p0 + p9 + p150 + p199 + [p1, p100].length;',
        'return [f(...Array(9).fill(1)), f(...Array.from({ length: 200 }, (_, i) => i)), f.length];',
      ].join('\n'),
    },
  ],
};
