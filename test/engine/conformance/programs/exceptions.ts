import { js, type Subject } from '../program.js';

export const exceptions: Subject = {
  subject: 'exceptions',
  programs: [
    {
      title: 'finally overrides return, throw, break and continue',
      body: js`
        const a = () => { try { return 'try'; } finally { return 'finally'; } };
        const b = () => { try { throw new Error('lost'); } finally { return 'swallowed'; } };
        const c = () => { for (let i = 0; i < 3; i++) { try { return i; } finally { if (i < 2) continue; } } };
        const d = () => { for (;;) { try { return 'returned'; } finally { break; } } return 'broke'; };
        const e = () => { try { try { throw 1; } finally { throw 2; } } catch (x) { return x; } };
        const f = () => { l: try { return 'r'; } finally { break l; } return 'after label'; };
        return [a(), b(), c(), d(), e(), f()];
      `,
    },
    {
      title: 'the returned value is fixed before finally runs',
      body: js`
        const f = () => { let x = 1; try { return x; } finally { x = 2; } };
        const g = () => { const o = { x: 1 }; try { return o; } finally { o.x = 2; } };
        const log = []; const h = () => { try { return log.push('value'); } finally { log.push('finally'); } };
        return [f(), g(), h(), log];
      `,
    },
    {
      title: 'order through nested try, catch and finally',
      body: js`
        const log = [];
        function f(n) { try { log.push('t' + n); if (n === 1) throw 'e1'; if (n === 2) return 'r2';
          try { if (n === 3) throw 'e3'; } finally { log.push('inner' + n); } }
          catch (e) { log.push('c' + e); if (n === 3) throw e + '!'; return 'caught'; } finally { log.push('f' + n); }
          return 'end'; }
        const out = [];
        for (const n of [0, 1, 2, 3]) { try { out.push(f(n)); } catch (e) { out.push('out ' + e); } }
        return [out, log.join(' ')];
      `,
    },
    {
      title: 'anything can be thrown and caught',
      body: js`
        const out = [];
        for (const x of [1, 'text', null, undefined, Symbol('s'), 1n, { a: 1 }, [1], () => 1, NaN]) {
          try { throw x; } catch (e) { out.push(Object.is(e, x)); } }
        try { throw 1; } catch { out.push('no binding'); }
        return out;
      `,
    },
    {
      title: 'messages of the engine name what failed',
      body: js`
        'use strict';
        const out = []; const o = { a: { }, n: null }; const k = 1; let u; const list = [];
        const bad = [() => o.a.b.c, () => o.f(), () => o.n.x, () => u(), () => u.x, () => { u.x = 1; },
          () => { k = 2; }, () => missing, () => { missing = 1; }, () => new o.a(), () => new (() => {})(),
          () => [...1], () => { const { x } = null; }, () => null[Symbol.iterator], () => list.reduce((a) => a),
          () => 'x'.repeat(-1), () => new Array(-1), () => (1).toFixed(200), () => Symbol() + '',
          () => JSON.parse('{'), () => decodeURIComponent('%'), () => ({}) instanceof {}, () => 'a' in 'b',
          () => Object.defineProperty(1, 'x', {}), () => Object.freeze([1]).push(2),
          () => { class A { constructor() { this.x; } } A(); }, () => { ({ get x() { return 1; } }).x = 2; },
          () => Reflect.construct(1), () => new Proxy({}, null),
          () => Object.setPrototypeOf(Object.preventExtensions({}), {}), () => BigInt(1.5), () => 1n + 1,
          () => [].at.call(null), () => super_(), () => later, () => structuredClone_(1)];
        for (const f of bad) { try { f(); out.push('no error'); } catch (e) { out.push(e.name + ': ' + e.message); } }
        let later;
        return out;
      `,
    },
    {
      title: 'error objects: cause, properties, toString and inheritance',
      body: js`
        const e = new TypeError('msg', { cause: { code: 1 } });
        class HttpError extends Error {
          constructor(status, ...rest) { super(...rest); this.status = status; }
          get name() { return 'HttpError' + this.status; } }
        const h = new HttpError(404, 'gone', { cause: e });
        const bare = Object.assign(Object.create(Error.prototype), { name: '', message: 'only message' });
        return [e, String(h), h, h.cause.cause, String(bare), Error('x') instanceof Error,
          new Error(undefined).hasOwnProperty('message'), 'cause' in new Error('x'), Object.keys(e),
          Object.prototype.toString.call(e), Error.isError(h), Error.isError({ __proto__: Error.prototype }),
          String(new RangeError())];
      `,
    },
    {
      title: 'AggregateError and error chains',
      body: js`
        const a = new AggregateError([new Error('one'), 'two'], 'several', { cause: 'c' });
        const chain = (() => { try { try { JSON.parse('x'); } catch (e) { throw new Error('config', { cause: e }); } }
          catch (e) { const out = []; for (let c = e; c; c = c.cause) out.push(c.name); return out; } })();
        return [a, a.errors.length, Object.getOwnPropertyDescriptor(a, 'errors').enumerable, chain];
      `,
    },
    {
      title: 'exceptions out of getters, setters, conversions, iterators and callbacks',
      body: js`
        const boom = (m) => { throw new Error(m); }; const out = [];
        const attempt = (f) => { try { f(); } catch (e) { out.push(e.message); } };
        attempt(() => ({ get x() { boom('getter'); } }).x);
        attempt(() => { ({ set x(v) { boom('setter'); } }).x = 1; });
        attempt(() => \`\${{ toString() { boom('toString'); } }}\`);
        attempt(() => +{ valueOf() { boom('valueOf'); } });
        attempt(() => [1].map(() => boom('callback'))); attempt(() => [2, 1].sort(() => boom('compare')));
        attempt(() => [...{ [Symbol.iterator]() { boom('iterator'); } }]);
        attempt(() => 'x'.replace(/x/, () => boom('replacer')));
        attempt(() => JSON.stringify({ toJSON() { boom('toJSON'); } }));
        attempt(() => new (class { x = boom('field'); })());
        attempt(() => { class S { static x = boom('static field'); } });
        attempt(() => { const [a = boom('default')] = []; }); attempt(() => { switch (1) { case boom('case'): } });
        return out;
      `,
    },
    {
      title: 'the catch variable has a scope of its own',
      body: js`
        var e = 'outer'; const log = [];
        try { throw 'thrown'; } catch (e) { log.push(e); var e = 'var in catch'; log.push(e); e = 'set'; log.push(e); }
        log.push(e);
        try { throw ['a', { b: 1 }]; } catch ([x, { b }]) { log.push(x + b); }
        const fs = []; for (const v of [1, 2]) { try { throw v; } catch (c) { fs.push(() => c); } }
        return [log, fs.map((f) => f())];
      `,
    },
    {
      title: 'runaway recursion is a catchable error',
      body: js`
        const f = (n) => f(n + 1) + 1;
        let caught; try { f(0); } catch (e) { caught = e; }
        const g = function* () { yield* g(); }; let second; try { g().next(); } catch (e) { second = e.name; }
        return [caught, second, ((n) => n + 1)(1)];
      `,
    },
    {
      title: 'stacks name the functions, lines and columns of the source',
      body: js`
        function outer() {
          inner(1);
        }
        const inner = (x) => {
          if (x) throw new Error('here');
        };
        class C { static #p() { outer(); } static go() { this.#p(); } get g() { const gone = C.go(); return gone; } }
        try { new C().g; } catch (e) { return e.stack; }
      `,
    },
    {
      title: 'stacks through async functions, generators and callbacks',
      body: js`
        async function a() { await null; [1].forEach(function each() { throw new TypeError('deep'); }); }
        function* g() {
          yield new Error('made').stack;
        }
        const stacks = [];
        try { await a(); } catch (e) { stacks.push(e.stack); }
        stacks.push(g().next().value, (() => new Error('x').stack)());
        return stacks;
      `,
    },
    {
      title: 'a thrown primitive ends the program as it is',
      body: js`throw Object.freeze(['not', 'an', 'error', -0, 1n]);`,
      ends: 'exception',
    },
    {
      title: 'an error with a cause and own properties ends the program',
      body: js`
        class Invalid extends RangeError {
          name = 'Invalid'; constructor(field) {
          super('field ' + field + ' is invalid', { cause: [field] }); this.field = field; } }
        try { throw new Invalid('größe'); } finally { await null; }
      `,
      ends: 'exception',
    },
  ],
};
