import { js, type Subject } from '../program.js';

export const json: Subject = {
  subject: 'JSON',
  programs: [
    {
      title: 'what stringify leaves out, nulls and converts',
      body: js`
        return [JSON.stringify({ u: undefined, f() {}, s: Symbol(), n: NaN, i: -Infinity, z: -0, d: new Date(0),
          b: new Boolean(false), t: new String('x'), m: new Map([[1, 2]]), a: [undefined, () => {}, , 1] }),
          JSON.stringify(undefined), JSON.stringify(() => {}), JSON.stringify('\u2028\ud800"\\/\b\x01'),
          JSON.stringify(Object.create({ inherited: 1 }))];
      `,
    },
    {
      title: 'indentation by number and by string',
      body: js`
        const v = { a: [1, { b: [] }, {}], c: 'x' };
        return [JSON.stringify(v, null, 2), JSON.stringify(v, null, '--'),
          JSON.stringify(v, null, 20) === JSON.stringify(v, null, 10), JSON.stringify([], null, 4)];
      `,
    },
    {
      title: 'replacer functions and lists',
      body: js`
        const log = [];
        const v = { a: 1, b: { a: 2, c: 3 }, list: [1, 2] };
        const text = JSON.stringify(v, function (k, x) {
          log.push(k); return typeof x === 'number' ? x * 10 : k === 'c' ? undefined : x; });
        return [text, log, JSON.stringify(v, ['b', 'a']), JSON.stringify({ 1: 'x', 2: 'y' }, [1]),
          JSON.stringify({ toJSON(k) { return 'key:' + k; } }), JSON.stringify({ n: { toJSON: (k) => k } })];
      `,
    },
    {
      title: 'parse with a reviver, bottom up',
      body: js`
        const order = [];
        const v = JSON.parse('{"a":[1,2,{"b":null}],"d":"2024-01-01T00:00:00.000Z","x":0}',
          function (k, x) { order.push(k); if (k === 'x') return undefined;
          return k === 'd' ? new Date(x) : typeof x === 'number' ? x + 0.5 : x; });
        return [v, order];
      `,
    },
    {
      title: 'parse accepts exactly the grammar',
      body: js`
        const out = [];
        for (const t of ['1', '-0', '1e5', '"\\u0041\\n"', ' [ ] ', 'null', '{"__proto__":1,"a":1,"a":2}', '01', '1.',
          '.5', '+1', "'x'", '{a:1}', '[1,]', '{"a":1,}', '"\t"', 'undefined', '', 'NaN', '"\\x41"', 'tru', '[1 2]',
          '"abc']) { try { const v = JSON.parse(t); out.push(typeof v === 'object' && v ? Object.entries(v) : v); }
          catch (e) { out.push(e.name); } }
        return out;
      `,
    },
    {
      title: 'cycles throw, shared references are written twice',
      body: js`
        const a = { list: [] }; a.list.push(a);
        const out = [];
        try { JSON.stringify(a); } catch (e) { out.push(e.name + ': ' + e.message); }
        const shared = { s: 1 };
        out.push(JSON.stringify([shared, shared]));
        return out;
      `,
    },
    {
      title: 'a round trip keeps numbers and key order',
      body: js`
        const v = { z: 1, a: 0.1, 5: 'int', n: [1e21, 1e-7, 123456789012345680000, 5e-324, -1.5],
          deep: { deep: { deep: [[[]]] } } };
        const t = JSON.stringify(v);
        return [t, JSON.stringify(JSON.parse(t)) === t];
      `,
    },
  ],
};
