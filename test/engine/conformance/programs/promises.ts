import { js, type Subject } from '../program.js';

export const promises: Subject = {
  subject: 'promises and job order',
  programs: [
    {
      title: 'reactions run in order of registration, after the current job',
      body: js`
        const log = [];
        const p = Promise.resolve();
        p.then(() => log.push('1')).then(() => log.push('3'));
        p.then(() => log.push('2')).then(() => log.push('4'));
        log.push('sync');
        for (let i = 0; i < 5; i++) await null;
        return log;
      `,
    },
    {
      title: 'returning a promise from then() costs extra turns',
      body: js`
        const log = [];
        Promise.resolve().then(() => Promise.resolve('inner')).then((v) => log.push(v));
        let chain = Promise.resolve();
        for (let i = 0; i < 6; i++) chain = chain.then(() => log.push(i));
        await chain;
        return log;
      `,
    },
    {
      title: 'await of a native promise takes one turn, of a thenable more',
      body: js`
        const log = [];
        const thenable = { then(r) { log.push('then called'); r('t'); } };
        const a = (async () => { log.push(await Promise.resolve('native')); })();
        const b = (async () => { log.push(await thenable); })();
        const c = (async () => { log.push(await 'plain'); })();
        await Promise.all([a, b, c]);
        return log;
      `,
    },
    {
      title: 'return await differs from return in turns, not in value',
      body: js`
        const log = [];
        const direct = async () => Promise.resolve('direct');
        const awaited = async () => await Promise.resolve('awaited');
        direct().then((v) => log.push(v));
        awaited().then((v) => log.push(v));
        for (let i = 0; i < 8; i++) await null;
        return log;
      `,
    },
    {
      title: 'all, allSettled, race and any with mixed inputs',
      body: js`
        const bad = () => Promise.reject(new Error('bad'));
        return [
          await Promise.all([1, Promise.resolve(2), { then: (r) => r(3) }]),
          await Promise.all([1, bad()]).catch((e) => e.message),
          await Promise.allSettled([1, bad()]),
          await Promise.race([new Promise(() => {}), 'fast', bad()]),
          await Promise.any([bad(), 'good']),
          await Promise.any([bad(), bad()]).catch((e) => e),
          await Promise.any([]).catch((e) => [e.name, e.errors]),
          await Promise.all([]),
        ];
      `,
    },
    {
      title: 'only the first resolution counts',
      body: js`
        const p = new Promise((resolve, reject) => {
          resolve('first'); resolve('second'); reject(new Error('third')); throw new Error('fourth'); });
        const q = new Promise((resolve, reject) => { reject('r'); resolve('late'); });
        return [await p, await q.catch((e) => e)];
      `,
    },
    {
      title: 'a promise resolved with itself rejects',
      body: js`
        let resolve;
        const p = new Promise((r) => { resolve = r; });
        resolve(p);
        await p;
      `,
      ends: 'exception',
    },
    {
      title: 'finally passes values through, unless it throws or rejects',
      body: js`
        const seen = [];
        return [
          await Promise.resolve('v').finally((...args) => { seen.push(args.length); return 'ignored'; }),
          await Promise.reject('r').finally(() => 'ignored').catch((e) => e),
          await Promise.resolve('v').finally(() => { throw 'thrown'; }).catch((e) => e),
          await Promise.resolve('v').finally(() => Promise.reject('rejected')).catch((e) => e),
          seen,
        ];
      `,
    },
    {
      title: 'withResolvers and try',
      body: js`
        const { promise, resolve } = Promise.withResolvers();
        const order = [];
        promise.then((v) => order.push(v));
        resolve('resolved');
        order.push('sync');
        await promise;
        return [order, await Promise.try((a, b) => a + b, 1, 2),
          await Promise.try(() => { throw new Error('t'); }).catch((e) => e.message)];
      `,
    },
    {
      title: 'subclasses of Promise go through then and species',
      body: js`
        const log = [];
        class Traced extends Promise { constructor(f) { super(f); log.push('new'); }
          then(a, b) { log.push('then'); return super.then(a, b); } }
        const t = Traced.resolve(1);
        const u = t.then((x) => x + 1);
        return [u instanceof Traced, await u, await Traced.all([t, 5]), log];
      `,
    },
    {
      title: 'a getter for then that throws rejects, a throwing then() after resolve is ignored',
      body: js`
        const getter = { get then() { throw new Error('getter'); } };
        const after = { then(r) { r('kept'); throw new Error('dropped'); } };
        return [await Promise.resolve(getter).catch((e) => e.message), await Promise.resolve(after)];
      `,
    },
    {
      title: 'rejections propagate through handlers that do not take them',
      body: js`
        const log = [];
        const result = await Promise.reject(new Error('start'))
          .then(() => log.push('skipped'))
          .then(null, null)
          .finally(() => log.push('finally'))
          .catch((e) => { log.push(e.message); return 'recovered'; })
          .then((v) => v.toUpperCase());
        return [result, log];
      `,
    },
    {
      title: 'async iteration and plain reactions share one queue',
      body: js`
        const log = [];
        const side = (async () => { for (let i = 0; i < 6; i++) { log.push('side' + i); await null; } })();
        async function* g() { for (let i = 0; i < 3; i++) { log.push('gen' + i); yield i; } }
        for await (const x of g()) log.push('got' + x);
        await side;
        return log.join(' ');
      `,
    },
  ],
};
