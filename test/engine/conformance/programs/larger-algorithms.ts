import { js, type Subject } from '../program.js';

/** Known algorithms, with many kinds of operations in tight loops. */
export const largerAlgorithms: Subject = {
  subject: 'larger programs: algorithms',
  programs: [
    {
      title: 'a template engine, a tokenizer and a state machine',
      body: js`
        const render = (t, data) =>
          t
            .replace(/\{\{#(\w+)\}\}([\s\S]*?)\{\{\/\1\}\}/g, (_, k, body) =>
              [data[k]]
                .flat()
                .filter((x) => x !== undefined && x !== false)
                .map((x) => render(body, typeof x === 'object' ? { ...data, ...x } : { ...data, '.': x }))
                .join(''),
            )
            .replace(/\{\{\s*([\w.]+)\s*(?:\|\s*(\w+))?\s*\}\}/g, (_, path, filter) => {
              const v = path === '.' ? data['.'] : path.split('.').reduce((o, k) => o?.[k], data);
              return { upper: (s) => s.toUpperCase(), size: (s) => s.length, undefined: (s) => s }[filter](
                String(v ?? ''),
              );
            });
        const csv = (text) => {
          const rows = [[]];
          let field = '',
            state = 'start';
          const end = () => {
            rows.at(-1).push(field);
            field = '';
            state = 'start';
          };
          for (const c of text + '\n') {
            switch (state) {
              case 'start':
                if (c === '"') {
                  state = 'quoted';
                  break;
                }
                state = 'plain';
              case 'plain':
                if (c === ',') end();
                else if (c === '\n') {
                  end();
                  rows.push([]);
                } else field += c;
                break;
              case 'quoted':
                if (c === '"') state = 'quote';
                else field += c;
                break;
              case 'quote':
                if (c === '"') {
                  field += '"';
                  state = 'quoted';
                } else {
                  state = 'plain';
                  if (c === ',') end();
                  else if (c === '\n') {
                    end();
                    rows.push([]);
                  }
                }
            }
          }
          return rows.filter((r) => r.length);
        };
        return [
          render(
            'Hi {{ user.name | upper }}: {{#items}}<{{ name }} {{ tags.length }}>{{/items}}' +
              '{{#none}}x{{/none}}{{ user.name | size }}',
            {
              user: { name: 'Zoë' },
              items: [
                { name: 'a', tags: [1] },
                { name: 'b', tags: [] },
              ],
            },
          ),
          csv('a,"b ""q"", c",\n1,,"x\ny"'),
        ];
      `,
    },
    {
      title: 'SHA-256 by hand',
      body: js`
        const primes = (function* () {
          next: for (let n = 2; ; n++) {
            for (let d = 2; d * d <= n; d++) if (n % d === 0) continue next;
            yield n;
          }
        })()
          .take(64)
          .toArray();
        const frac = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
        const K = primes.map((p) => frac(Math.cbrt(p))),
          H0 = primes.slice(0, 8).map((p) => frac(Math.sqrt(p)));
        const rot = (x, n) => (x >>> n) | (x << (32 - n));
        const sha = (text) => {
          const bytes = [...unescape(encodeURIComponent(text))].map((c) => c.charCodeAt(0));
          const bits = bytes.length * 8;
          bytes.push(0x80);
          while (bytes.length % 64 !== 56) bytes.push(0);
          const data = new DataView(new ArrayBuffer(bytes.length + 8));
          bytes.forEach((b, i) => data.setUint8(i, b));
          data.setBigUint64(bytes.length, BigInt(bits));
          const h = Int32Array.from(H0),
            w = new Int32Array(64);
          for (let o = 0; o < data.byteLength; o += 64) {
            for (let i = 0; i < 64; i++)
              w[i] =
                i < 16
                  ? data.getInt32(o + i * 4)
                  : (w[i - 16] +
                      (rot(w[i - 15], 7) ^ rot(w[i - 15], 18) ^ (w[i - 15] >>> 3)) +
                      w[i - 7] +
                      (rot(w[i - 2], 17) ^ rot(w[i - 2], 19) ^ (w[i - 2] >>> 10))) |
                    0;
            let [a, b, c, d, e, f, g, k] = h;
            for (let i = 0; i < 64; i++) {
              const t1 = (k + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0,
                t2 = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
              [k, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
            }
            [a, b, c, d, e, f, g, k].forEach((x, i) => {
              h[i] += x;
            });
          }
          return Array.from(h, (x) => (x >>> 0).toString(16).padStart(8, '0')).join('');
        };
        return [sha(''), sha('abc'), sha('ä'.repeat(60))];
      `,
    },
    {
      title: 'the game of life, n queens, knapsack and a Sudoku row check',
      body: js`
        const step = (g) =>
          g.map((r, y) =>
            r.map((c, x) => {
              let n = -c;
              for (let dy = -1; dy <= 1; dy++)
                for (let dx = -1; dx <= 1; dx++) n += g.at((y + dy) % g.length).at((x + dx) % r.length);
              return +(n === 3 || (c && n === 2));
            }),
          );
        let g = Array.from({ length: 6 }, (_, y) =>
          Array.from({ length: 6 }, (_, x) => +['010000', '001000', '111000'][y]?.[x] || 0),
        );
        for (let i = 0; i < 8; i++) g = step(g);
        const queens = (n, row = 0, cols = 0, d1 = 0, d2 = 0) => {
          if (row === n) return 1;
          let c = 0;
          for (let free = ~(cols | d1 | d2) & ((1 << n) - 1); free; free &= free - 1) {
            const b = free & -free;
            c += queens(n, row + 1, cols | b, (d1 | b) << 1, (d2 | b) >> 1);
          }
          return c;
        };
        const knap = (items, cap) =>
          items.reduce(
            (best, [w, v]) => best.map((b, c) => (c >= w ? Math.max(b, best[c - w] + v) : b)),
            Array(cap + 1).fill(0),
          )[cap];
        return [
          g.map((r) => r.join('')).join('/'),
          queens(6),
          knap(
            [
              [1, 1],
              [3, 4],
              [4, 5],
              [5, 7],
            ],
            7,
          ),
          new Set([5, 3, 4, 6, 7, 8, 9, 1, 2]).size === 9,
        ];
      `,
    },
    {
      title: 'a priority queue, Dijkstra and topological order',
      body: js`
        class Heap {
          #a = [];
          #less;
          constructor(less) {
            this.#less = less;
          }
          get size() {
            return this.#a.length;
          }
          push(x) {
            const a = this.#a;
            let i = a.push(x) - 1;
            for (let p; i > 0 && this.#less(a[i], a[(p = (i - 1) >> 1)]); i = p) [a[i], a[p]] = [a[p], a[i]];
          }
          pop() {
            const a = this.#a,
              top = a[0],
              last = a.pop();
            if (a.length) {
              a[0] = last;
              for (let i = 0; ; ) {
                let m = i;
                for (const c of [2 * i + 1, 2 * i + 2]) if (c < a.length && this.#less(a[c], a[m])) m = c;
                if (m === i) break;
                [a[i], a[m]] = [a[m], a[i]];
                i = m;
              }
            }
            return top;
          }
          *[Symbol.iterator]() {
            while (this.size) yield this.pop();
          }
        }
        const g = {
          a: { b: 7, c: 9, f: 14 },
          b: { c: 10, d: 15 },
          c: { d: 11, f: 2 },
          d: { e: 6 },
          f: { e: 9 },
          e: {},
        };
        const dist = { a: 0 };
        const h = new Heap((x, y) => x[0] < y[0]);
        h.push([0, 'a']);
        for (const [d, n] of h) {
          if (d > dist[n]) continue;
          for (const [m, w] of Object.entries(g[n]))
            if (d + w < (dist[m] ?? Infinity)) h.push([(dist[m] = d + w), m]);
        }
        const topo = [];
        const visit = (n, path = new Set()) => {
          if (path.has(n)) throw new Error('cycle at ' + n);
          if (topo.includes(n)) return;
          for (const m of Object.keys(g[n])) visit(m, new Set(path).add(n));
          topo.unshift(n);
        };
        Object.keys(g).forEach((n) => visit(n));
        const sorted = new Heap((a, b) => a < b);
        for (let i = 0; i < 50; i++) sorted.push((i * 37) % 53);
        return [dist, topo, [...sorted].every((x, i, a) => !i || a[i - 1] <= x)];
      `,
    },
  ],
};
