import { js, type Subject } from '../program.js';

export const generators: Subject = {
  subject: 'generators',
  programs: [
    {
      title: 'values travel both ways through next()',
      body: js`
        function* talk(first) { const a = yield first; const b = yield a * 2; return [first, a, b]; }
        const g = talk('go');
        return [g.next('ignored'), g.next(21), g.next('end'), g.next()];
      `,
    },
    {
      title: 'return() runs finally blocks, which may yield and override the result',
      body: js`
        const log = [];
        function* g() { try { yield 1; yield 2; }
          finally { log.push('cleanup'); yield 'from finally'; log.push('done'); } }
        function* h() { try { yield 1; } finally { return 'override'; } }
        const a = g(); const b = h(); const c = g();
        return [a.next(), a.return('r'), a.next(), a.next(), b.next(), b.return('r'), c.return('early'), c.next(),
          log];
      `,
    },
    {
      title: 'throw() resumes inside try and catch, or ends the generator',
      body: js`
        function* g() { for (;;) { try { yield 'ready'; } catch (e) { yield 'caught ' + e; } } }
        const a = g();
        const out = [a.next(), a.throw('x'), a.next(), a.throw('y')];
        function* plain() { yield 1; }
        const b = plain(); b.next();
        try { b.throw(new RangeError('boom')); } catch (e) { out.push(e); }
        out.push(b.next());
        return out;
      `,
    },
    {
      title: 'yield* delegates next, throw and return, and takes the return value',
      body: js`
        const log = [];
        function* inner() { try { const got = yield 'i1'; log.push(got); yield 'i2'; return 'inner result'; }
          finally { log.push('inner finally'); } }
        function* outer() { const r = yield* inner(); yield r; }
        const a = outer(); const b = outer();
        return [a.next(), a.next('sent'), a.next(), a.next(), b.next(), b.return('stop'), log];
      `,
    },
    {
      title: 'yield* over an iterator without throw() closes it and fails',
      body: js`
        const log = [];
        const iterator = { [Symbol.iterator]() { return this; }, next() { return { value: 1, done: false }; },
          return() { log.push('closed'); return {}; } };
        function* g() { yield* iterator; }
        const it = g(); it.next();
        try { it.throw(new Error('lost')); } catch (e) { log.push(e.name); }
        return log;
      `,
    },
    {
      title: 'a generator cannot be re-entered while it runs',
      body: js`
        let it;
        function* g() { yield it.next(); }
        it = g();
        it.next();
      `,
      ends: 'exception',
    },
    {
      title: 'parameters are evaluated at the call, the body at the first next()',
      body: js`
        const log = [];
        function* g(a = log.push('default')) { log.push('body'); yield a; }
        const it = g();
        log.push('created');
        it.next();
        return log;
      `,
    },
    {
      title: 'infinite generators compose lazily',
      body: js`
        function* naturals(n = 1) { for (;;) yield n++; }
        function* filter(p, it) { for (const x of it) if (p(x)) yield x; }
        function* take(n, it) { let i = 0; for (const x of it) { if (i++ >= n) return; yield x; } }
        const primes = function* (it) {
          const { value } = it.next(); yield value; yield* primes(filter((x) => x % value, it)); };
        return [...take(12, primes(naturals(2)))];
      `,
    },
    {
      title: 'recursive generators walk a tree',
      body: js`
        const tree = { v: 4, l: { v: 2, l: { v: 1 }, r: { v: 3 } }, r: { v: 6, l: { v: 5 } } };
        function* walk(t) { if (t) { yield* walk(t.l); yield t.v; yield* walk(t.r); } }
        return [...walk(tree)].join('<');
      `,
    },
    {
      title: 'generator methods, arguments, this and spread consumption',
      body: js`
        const o = { base: 10, *each() { for (let i = 0; i < arguments.length; i++) yield this.base + arguments[i]; } };
        const [first, ...rest] = o.each(1, 2, 3);
        return [first, rest, Math.max(...o.each(5, 7)), Array.from(o.each(0), String), new Set(o.each(1, 1))];
      `,
    },
    {
      title: 'generator functions have their own prototypes and are not constructors',
      body: js`
        function* g() {}
        const GeneratorFunction = Object.getPrototypeOf(g);
        let message;
        try { new g(); } catch (e) { message = e.name + ': ' + e.message; }
        g.prototype.extra = 'from prototype';
        return [g().extra, g() instanceof g, String(g()), GeneratorFunction[Symbol.toStringTag], message,
          Object.hasOwn(g.prototype, 'constructor')];
      `,
    },
    {
      title: 'yield as an expression in awkward places',
      body: js`
        function* g() {
          const o = { [yield 'key']: yield 'value' };
          const t = \`\${yield 'template'}-\${(yield 'second') + 1}\`;
          const list = [yield 'a', ...(yield 'b')];
          return [o, t, list, (yield) ? yield 'yes' : yield 'no'];
        }
        const it = g();
        const asked = [];
        let reply;
        for (const answer of [undefined, 'k', 'v', 'T', 1, 'A', ['B', 'C'], false, 'end']) {
          reply = it.next(answer); asked.push(reply.value); }
        return [asked, reply.done];
      `,
    },
    {
      title: 'leaving for-of early closes the generator, running to the end does not',
      body: js`
        const log = [];
        function* g(name) { try { yield 1; yield 2; } finally { log.push('closed ' + name); } }
        for (const x of g('break')) break;
        outer: for (const a of [1]) for (const x of g('continue outer')) continue outer;
        try { for (const x of g('throw')) throw 'up'; } catch (e) { log.push(e); }
        (() => { for (const x of g('return')) return; })();
        const [only] = g('destructuring');
        for (const x of g('end'));
        return log;
      `,
    },
  ],
};
