import { js, type Subject } from '../program.js';

export const asyncFunctions: Subject = {
  subject: 'async functions and async iteration',
  programs: [
    {
      title: 'await takes promises, thenables and plain values',
      body: js`
        const thenable = { then(resolve) { resolve('thenable'); } };
        return [await 1, await Promise.resolve('p'), await thenable, await undefined, await (async () => 'async')()];
      `,
    },
    {
      title: 'await inside try, catch and finally',
      body: js`
        const log = [];
        const fail = async (m) => { throw new TypeError(m); };
        async function f() {
          try { await fail('one'); } catch (e) {
            log.push(await Promise.resolve(e.message));
            try { await fail('two'); } finally { log.push(await 'finally'); } }
        }
        try { await f(); } catch (e) { log.push(e); }
        return log;
      `,
    },
    {
      title: 'async arrows keep this, arguments and new.target of the outside',
      body: js`
        function Outer() { return (async () => {
          await null; return [this.tag, arguments[0], new.target === undefined]; })(); }
        return Outer.call({ tag: 'this' }, 'argument');
      `,
    },
    {
      title: 'exceptions in parameter defaults reject instead of throwing',
      body: js`
        async function f(x = (() => { throw new Error('in default'); })()) {}
        let threw = false;
        let p;
        try { p = f(); } catch { threw = true; }
        return [threw, await p.catch((e) => e.message)];
      `,
    },
    {
      title: 'an async generator queues its requests and answers them in order',
      body: js`
        async function* g() { const a = yield 1; const b = yield a; return b; }
        const it = g();
        return Promise.all([it.next('x'), it.next('y'), it.next('z'), it.next('late')]);
      `,
    },
    {
      title: 'async generators await what they yield and return',
      body: js`
        async function* g() { yield Promise.resolve('resolved');
          try { yield Promise.reject(new Error('no')); } catch (e) { yield 'caught ' + e.message; }
          return Promise.resolve('returned'); }
        const it = g();
        return [await it.next(), await it.next(), await it.next(), await it.next()];
      `,
    },
    {
      title: 'for await over sync iterables of promises, with rejection',
      body: js`
        const out = [];
        for await (const x of [1, Promise.resolve(2), { then: (r) => r(3) }]) out.push(x);
        try { for await (const x of [Promise.reject(new Error('stop')), 1]) out.push(x); }
        catch (e) { out.push(e.message); }
        return out;
      `,
    },
    {
      title: 'leaving a for await loop calls return() of the iterator',
      body: js`
        const log = [];
        const source = {
          [Symbol.asyncIterator]() {
            let n = 0;
            return { next: async () => ({ value: n++, done: n > 5 }),
              return: async (v) => { await null; log.push('return'); return { value: v, done: true }; } };
          },
        };
        for await (const x of source) { log.push(x); if (x === 2) break; }
        log.push('after');
        return log;
      `,
    },
    {
      title: 'yield* in an async generator delegates to sync and async iterables',
      body: js`
        async function* inner() { try { yield 'a'; yield 'b'; return 'r'; } finally { await null; } }
        async function* outer() { yield* [Promise.resolve(1), 2]; const r = yield* inner(); yield r; }
        const out = [];
        for await (const x of outer()) out.push(x);
        return out;
      `,
    },
    {
      title: 'return() and throw() on an async generator wait for their turn',
      body: js`
        const log = [];
        async function* g() { try { yield 1; yield 2; } catch (e) { log.push('caught ' + e); yield 'recovered'; }
          finally { log.push('finally'); } }
        const a = g(); const b = g();
        await a.next(); await b.next();
        const results = [await a.throw('bad'), await a.return('done'), await b.return(Promise.resolve('awaited')),
          await b.next()];
        return [results, log];
      `,
    },
    {
      title: 'async methods, static async methods and async computed names',
      body: js`
        const key = 'dyn';
        class C { async m() { return this.v; } v = 1;
          static async s() { return 's'; } async [key + 1]() { return 'd'; }
          async *[Symbol.asyncIterator]() { yield this.v; } }
        const c = new C();
        const all = [];
        for await (const x of c) all.push(x);
        return [await c.m(), await C.s(), await c.dyn1(), all, ({ async: 1, await: 2, async async() {} }).async.name];
      `,
    },
    {
      title: 'await works in every position of an expression',
      body: js`
        const p = (x) => Promise.resolve(x);
        const o = { n: { f: async (x) => x + 1 } };
        const t = \`\${await p('a')}-\${await p('b')}\`;
        const cond = (await p(false)) ? 1 : await p(2);
        const arr = [await p(1), ...(await p([2, 3]))];
        const { x = await p('default') } = await p({});
        o[await p('k')] = await p('v');
        o.n.c ??= await p('logical');
        return [t, cond, arr, x, await o.n.f(await p(1)), o.k, o.n.c, await p(1) + await p(2), -(await p(3))];
      `,
    },
    {
      title: 'sequential and parallel awaits in loops interleave predictably',
      body: js`
        const log = [];
        const work = async (name, n) => {
          for (let i = 0; i < n; i++) { log.push(name + i); await null; } return name; };
        const results = await Promise.all([work('a', 3), work('b', 2), work('c', 1)]);
        for (const f of [1, 2]) log.push(await work('s' + f, 1));
        return [log.join(' '), results];
      `,
    },
    {
      title: 'a rejected body ends the program with that error',
      body: js`
        const inner = async () => { await null; throw new RangeError('out of range', { cause: { code: 7 } }); };
        await inner();
      `,
      ends: 'exception',
    },
    {
      title: 'async recursion and mutual recursion',
      body: js`
        const even = async (n) => (n === 0 ? true : odd(n - 1));
        const odd = async (n) => (n === 0 ? false : await even(n - 1));
        const fib = async (n) => (n < 2 ? n : (await fib(n - 1)) + (await fib(n - 2)));
        return [await even(20), await odd(7), await fib(10)];
      `,
    },
  ],
};
