import { js, type Subject } from '../program.js';

export const collections: Subject = {
  subject: 'Map, Set, WeakMap and WeakSet',
  programs: [
    {
      title: 'keys compare by SameValueZero',
      body: js`
        const o = {};
        const m = new Map([[NaN, 'nan'], [0, 'zero'], ['0', 'text'], [o, 'object'], [0n, 'big'], [undefined, 'undef'],
          [null, 'null']]);
        return [m.get(NaN), m.get(-0), m.get('0'), m.get({}), m.get(o), m.get(0n), m.get(), m.has(null), m.size,
          Object.is([...new Set([-0])][0], 0)];
      `,
    },
    {
      title: 'insertion order survives updates, deletion moves to the end',
      body: js`
        const m = new Map([['a', 1], ['b', 2], ['c', 3]]);
        m.set('a', 9); m.delete('b'); m.set('b', 8);
        const s = new Set([3, 1, 3, 2]); s.add(1); s.delete(3); s.add(3);
        return [m, [...m.keys()], s, [...s.entries()], m.delete('zzz'), m.set('q', 1) === m];
      `,
    },
    {
      title: 'forEach visits what is added and skips what is deleted',
      body: js`
        const log = [];
        const m = new Map([[1, 'a'], [2, 'b'], [3, 'c']]);
        m.forEach(function (v, k, whole) {
          log.push([k, v, whole === m, this.tag]); if (k === 1) { m.delete(2); m.set(4, 'd'); } }, { tag: 't' });
        const s = new Set([1]); let guard = 0;
        s.forEach((x) => { if (guard++ < 4) { s.delete(x); s.add(x); } });
        m.clear();
        return [log, guard, m.size];
      `,
    },
    {
      title: 'set algebra',
      body: js`
        const a = new Set([1, 2, 3, 4]), b = new Set([3, 4, 5]);
        return [a.union(b), a.intersection(b), a.difference(b), a.symmetricDifference(b), new Set([3]).isSubsetOf(a),
          a.isSupersetOf(new Set([1])), a.isDisjointFrom(new Set([9])),
          a.intersection({ size: 1, has: (x) => x === 2, keys: () => [2].values() })];
      `,
    },
    {
      title: 'groupBy into maps, getOrInsert',
      body: js`
        const grouped = Map.groupBy([1, 2, 3, 4, 5], (x) => (x % 2 ? 'odd' : 'even'));
        const m = new Map([['a', 1]]);
        const plain = Object.groupBy(['x', 'yy', 'zz'], (s) => s.length);
        return [grouped, m.getOrInsert('a', 5), m.getOrInsert('b', 6), m.getOrInsertComputed('c', (k) => k + '!'), m,
          plain, Object.getPrototypeOf(plain)];
      `,
    },
    {
      title: 'weak collections take objects and unregistered symbols as keys',
      body: js`
        const k = {}, s = Symbol('weak');
        const wm = new WeakMap([[k, 'value']]); const ws = new WeakSet([k]);
        wm.set(s, 'symbol');
        const out = [wm.get(k), wm.get({}), wm.has(k), ws.has(k), wm.delete(k), wm.has(k), wm.get(s), String(wm),
          ws.delete(k), ws.has(k)];
        for (const bad of [1, 'x', null, Symbol.for('registered')]) {
          try { wm.set(bad, 1); out.push('ok'); } catch (e) { out.push(e.name); } }
        return out;
      `,
    },
    {
      title: 'constructors use add and set, and check their input',
      body: js`
        const log = [];
        class M extends Map { set(k, v) { log.push('set ' + k); return super.set(k, v); } }
        class S extends Set { add(v) { log.push('add ' + v); return super.add(v * 2); } }
        const m = new M([['a', 1]]), s = new S([1, 2]);
        const out = [m, s, log];
        for (const f of [() => Map(), () => new Map([1]), () => new Map(5), () => new Set(null).size,
          () => Map.prototype.get.call({}, 1),
          () => Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.call(new Set())]) {
          try { out.push(f()); } catch (e) { out.push(e.name); } }
        return out;
      `,
    },
    {
      title: 'algorithms: LRU cache, graph search, word count, union-find',
      body: js`
        class Lru { #m = new Map(); constructor(n) { this.n = n; }
          get(k) { if (!this.#m.has(k)) return; const v = this.#m.get(k); this.#m.delete(k); this.#m.set(k, v);
          return v; } set(k, v) { this.#m.delete(k); this.#m.set(k, v);
          if (this.#m.size > this.n) this.#m.delete(this.#m.keys().next().value); return this; }
          get keys() { return [...this.#m.keys()]; } }
        const lru = new Lru(2).set('a', 1).set('b', 2); lru.get('a'); lru.set('c', 3);
        const graph = new Map([['a', ['b', 'c']], ['b', ['d']], ['c', ['d']], ['d', []]]);
        const order = []; const queue = ['a']; const seen = new Set(queue);
        while (queue.length) { const n = queue.shift(); order.push(n);
          for (const m of graph.get(n)) if (!seen.has(m)) { seen.add(m); queue.push(m); } }
        const words = 'the cat the dog a cat the end'.split(' ').reduce((m, w) => m.set(w, (m.get(w) ?? 0) + 1),
          new Map());
        const parent = [0, 1, 2, 3, 4]; const find = (x) => (parent[x] === x ? x : (parent[x] = find(parent[x])));
        for (const [x, y] of [[0, 1], [3, 4], [1, 4]]) parent[find(x)] = find(y);
        return [lru.keys, order, [...words].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)),
          new Set(parent.map((_, i) => find(i))).size];
      `,
    },
  ],
};
