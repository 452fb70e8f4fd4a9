import { js, type Subject } from '../program.js';

export const arrays: Subject = {
  subject: 'arrays',
  programs: [
    {
      title: 'holes behave differently in old and new methods',
      body: js`
        const a = [1, , 3]; const seen = [];
        a.forEach((x) => seen.push(x));
        return [a, a.map((x) => x * 2), a.filter(() => true), [...a], a.findIndex((x) => x === undefined),
          a.indexOf(undefined), a.includes(undefined), a.join('-'), Object.keys(a), a.toSorted(), a.flat(),
          a.reduce((n) => n + 1, 0), a.entries().toArray(), seen, 1 in a];
      `,
    },
    {
      title: 'length grows, truncates and is validated',
      body: js`
        const a = [1, 2, 3]; a.length = 1; a[4] = 'x'; a['2'] = 'two'; a['01'] = 'prop';
        a[2 ** 32 - 1] = 'not an index';
        const out = [a, a.length];
        for (const n of [-1, 1.5, 2 ** 32]) {
          try { a.length = n; } catch (e) { out.push(e.name + ': ' + e.message); } }
        try { new Array(-1); } catch (e) { out.push(e.name); }
        return [out, new Array(3), Array(3, 4), Array.of(3), new Array('3')];
      `,
    },
    {
      title: 'splice, toSpliced, slice, copyWithin, fill and with',
      body: js`
        const a = [1, 2, 3, 4, 5];
        const removed = a.splice(1, 2, 'a', 'b', 'c');
        return [removed, [...a], a.toSpliced(-1, 1), a.slice(-2), a.splice(-2), a.with(0, 'w'),
          [1, 2, 3, 4, 5].copyWithin(0, 3), [1, 2, 3].fill(0, 1), [1, 2].toReversed(),
          (() => { try { [].with(0, 1); } catch (e) { return e.name; } })(), [1, 2, 3].splice(1), [1, 2, 3].splice()];
      `,
    },
    {
      title: 'sort is stable, sorts text by default and puts undefined last',
      body: js`
        const people = [['a', 2], ['b', 1], ['c', 2], ['d', 1], ['e', 3]];
        return [[10, 9, 1, undefined, 'b', 'a', , null].sort(),
          people.sort((x, y) => x[1] - y[1]).map((p) => p[0]).join(''), [3, 1, 2].sort(() => 0),
          [5, 1, 4].sort((a, b) => b - a), Array.from({ length: 40 }, (_, i) => (i * 7919) % 41).sort((a, b) => a - b),
          (() => { try { [].sort(1); } catch (e) { return e.name; } })()];
      `,
    },
    {
      title: 'flat, flatMap, concat and from',
      body: js`
        return [[1, [2, [3, [4]]]].flat(), [1, [2, [3, [4]]]].flat(Infinity), [1, 2].flatMap((x) => [x, [x]]),
          [].concat(1, [2, [3]], 'x'), Array.from({ length: 3, 1: 'b' }), Array.from('abc', (c, i) => c + i),
          Array.from(new Map([['k', 1]])), Array.from({ length: 2 }, function () { return this.t; }, { t: 't' }),
          Array.from(3)];
      `,
    },
    {
      title: 'find, findLast, some, every, reduceRight and at',
      body: js`
        const a = [5, 12, 8, 130, 44]; return [a.find((x) => x > 10), a.findLast((x) => x > 10),
          a.findIndex((x) => x > 200), a.findLastIndex((x) => x < 10), a.some((x) => x > 100),
          a.every(Number.isInteger), [].every(() => false), a.reduceRight((s, x) => s + '>' + x), a.at(-2),
          a.lastIndexOf(8), [NaN].indexOf(NaN), [NaN].includes(NaN)];
      `,
    },
    {
      title: 'callbacks get element, index, array and this, and see changes',
      body: js`
        const log = []; const a = [1, 2, 3];
        a.forEach(function (x, i, all) {
          log.push([x, i, all === a, this.k]); if (i === 0) { a.pop(); a.push(9, 10); } }, { k: 'k' });
        const grown = [1, 2]; const seen = grown.map((x) => (grown.push(x), x));
        return [log, seen, grown, [1, 2, 3].filter((x, i, all) => ((all.length = 2), true)),
          ['1', '2', '3'].map(parseInt)];
      `,
    },
    {
      title: 'generic methods on array-likes',
      body: js`
        const o = { length: 2, 0: 'a', 1: 'b' };
        Array.prototype.push.call(o, 'c'); Array.prototype.reverse.call(o);
        return [o, Array.prototype.map.call('abc', (c) => c + c), Array.prototype.join.call({ length: 3, 1: 'x' }),
          Array.prototype.concat.call(1, 2).length, Array.prototype.slice.call(new Uint8Array([1, 2, 3]), 1),
          Array.prototype.shift.call({ length: 1, 0: 'gone' }), Array.prototype.pop.call({})];
      `,
    },
    {
      title: 'push, pop, shift, unshift and delete on large arrays',
      body: js`
        const q = []; let sum = 0;
        for (let i = 0; i < 2000; i++) {
          q.push(i); if (i % 3 === 0) sum += q.shift(); if (i % 5 === 0) q.unshift(-i);
          if (i % 7 === 0) sum -= q.pop(); }
        delete q[10]; q.reverse();
        return [q.length, sum, q.slice(0, 3), 10 in q, q.indexOf(undefined), q.findIndex((x) => x === undefined)];
      `,
    },
    {
      title: 'literals: nested, with spread, trailing commas and more than a few elements',
      body: [
        'const long = [',
        ...Array.from({ length: 120 }, (_, i) => (i % 5 === 0 ? `'s${i}',` : `${i},`)),
        '];',
        "return [[1, [2, [3]], ], [...'ab', ...[1, , 2], ...new Set([3])], [,], [, 1, , ], long, [[]],",
        '  [undefined, null, -0, 1n, /r/g, () => 1]];',
      ].join('\n'),
    },
    {
      title: 'sparse and mixed element kinds keep their values',
      body: js`
        const a = [1, 2.5, 'x', {}, null, -0, NaN, 1n, undefined, true];
        a[20] = 'far'; a[15] = 15; a.foo = 'prop';
        return [a, a.length, Object.keys(a).length, a.toString(), a.flat().length, String([null, undefined, [1, [2]]]),
          [] + [], [1] == 1];
      `,
    },
    {
      title: 'matrix, permutations, quick sort and binary search',
      body: js`
        const mul = (a, b) => a.map((r) => b[0].map((_, j) => r.reduce((s, x, k) => s + x * b[k][j], 0)));
        const perms = (a) => (a.length < 2 ? [a] : a.flatMap((x, i) =>
          perms(a.toSpliced(i, 1)).map((p) => [x, ...p])));
        const qs = ([p, ...r]) => (p === undefined ? [] : [...qs(r.filter((x) => x < p)), p,
          ...qs(r.filter((x) => x >= p))]);
        const bs = (a, x) => { let lo = 0, hi = a.length;
          while (lo < hi) { const m = (lo + hi) >>> 1; a[m] < x ? (lo = m + 1) : (hi = m); } return lo; };
        return [mul([[1, 2], [3, 4]], [[0, 1], [1, 0]]), perms(['a', 'b', 'c']).map((p) => p.join('')),
          qs([3, 1, 4, 1, 5, 9, 2, 6]), bs([1, 3, 5, 7], 5)];
      `,
    },
  ],
};
