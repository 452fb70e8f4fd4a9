import { js, type Subject } from '../program.js';

export const iterators: Subject = {
  subject: 'iterators and their helpers',
  programs: [
    {
      title: 'helpers are lazy and chain',
      body: js`
        const log = [];
        function* source() { for (let i = 0; ; i++) { log.push(i); yield i; } }
        const result = source().filter((x) => x % 2).map((x) => x * x).drop(1).take(3).toArray();
        return [result, log.length];
      `,
    },
    {
      title: 'reduce, some, every, find, forEach and flatMap',
      body: js`
        const it = () => [3, 1, 2].values();
        const seen = [];
        it().forEach((x, i) => seen.push(i + ':' + x));
        let error;
        try { [].values().reduce((a, b) => a); } catch (e) { error = e.name; }
        return [it().reduce((a, b) => a + b), it().reduce((a, b) => a + b, 'x'), it().some((x) => x > 2),
          it().every((x) => x > 2), it().find((x) => x < 3), seen, [...it().flatMap((x) => Array(x).fill(x))], error];
      `,
    },
    {
      title: 'helpers close the underlying iterator',
      body: js`
        const log = [];
        const make = (name) => ({ __proto__: Iterator.prototype, n: 0,
          next() { return { value: this.n++, done: false }; }, return() { log.push(name); return {}; } });
        make('take').take(1).toArray();
        make('find').find((x) => x === 2);
        try { make('map').map(() => { throw new Error('in map'); }).next(); } catch (e) { log.push(e.message); }
        make('return').filter(() => true).return();
        try { make('range').take(-1); } catch (e) { log.push(e.name); }
        return log;
      `,
    },
    {
      title: 'Iterator.from wraps anything with next(), Iterator.concat joins',
      body: js`
        let n = 0;
        const plain = { next: () => ({ done: n >= 3, value: n++ }) };
        const wrapped = Iterator.from(plain);
        class Mine extends Iterator { next() { return { done: true }; } }
        return [wrapped instanceof Iterator, wrapped.map((x) => x * 2).toArray(), Iterator.from('ab').toArray(),
          Iterator.concat([1], new Set([2]), ['c']).toArray(), new Mine().toArray(),
          (() => { try { new Iterator(); } catch (e) { return e.name; } })()];
      `,
    },
    {
      title: 'array, map, set and string iterators carry their tags and stay exhausted',
      body: js`
        const its = [[1].entries(), new Map([['k', 'v']]).keys(), new Set(['s']).values(), 'x'[Symbol.iterator](),
          'ab'.matchAll(/./g)];
        return its.map((it) => [String(it), it.next().value, it.next().done, it.next().done,
          it[Symbol.iterator]() === it]);
      `,
    },
    {
      title: 'iterators see changes of their collection',
      body: js`
        const list = [1, 2]; const a = list.values(); const first = a.next();
        list.push(3); const rest = [...a]; list.push(4);
        const map = new Map([[1, 'a'], [2, 'b'], [3, 'c']]); const out = [];
        for (const [k] of map) { out.push(k); if (k === 1) { map.delete(2); map.set(4, 'd'); } }
        return [first, rest, a.next(), out];
      `,
    },
    {
      title: 'the protocol is checked: missing methods and results that are no objects',
      body: js`
        const out = [];
        const bad = [1, {}, { [Symbol.iterator]: 1 }, { [Symbol.iterator]: () => 1 },
          { [Symbol.iterator]: () => ({}) }, { [Symbol.iterator]: () => ({ next: () => 1 }) }, null];
        for (const b of bad) { try { out.push([...b]); } catch (e) { out.push(e.name + ': ' + e.message); } }
        return out;
      `,
    },
    {
      title: 'next is read once, done and value are read in order',
      body: js`
        const log = [];
        const it = { get [Symbol.iterator]() {
          log.push('@@iterator'); return () =>
          ({ i: 0, get next() { log.push('next');
          return () => ({ get done() { log.push('done'); return it.n-- <= 0; },
          get value() { log.push('value'); return it.n; } }); } }); }, n: 2 };
        const values = [];
        for (const x of it) values.push(x);
        return [values, log.join(' ')];
      `,
    },
    {
      title: 'errors from return() lose against the error of the loop body',
      body: js`
        const make = (ret) => ({ [Symbol.iterator]: () =>
          ({ next: () => ({ value: 1, done: false }), return: ret }) });
        const out = [];
        try { for (const x of make(() => { throw new Error('return'); })) throw new Error('body'); }
        catch (e) { out.push(e.message); }
        try { for (const x of make(() => { throw new Error('return'); })) break; } catch (e) { out.push(e.message); }
        try { for (const x of make(() => 1)) break; } catch (e) { out.push(e.name); }
        return out;
      `,
    },
    {
      title: 'zip and enumerate written by hand on the protocol',
      body: js`
        function* zip(...its) { const is = its.map((i) => i[Symbol.iterator]());
          for (;;) { const rs = is.map((i) => i.next()); if (rs.some((r) => r.done)) return;
          yield rs.map((r) => r.value); } }
        const enumerate = (it) => zip((function* () { for (let i = 0; ; i++) yield i; })(), it);
        return [[...zip('abc', [1, 2], new Set(['x', 'y', 'z']))], Object.fromEntries(enumerate('hi'))];
      `,
    },
  ],
};
