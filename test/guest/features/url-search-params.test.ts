import fc from 'fast-check';
import { describe, it } from 'vitest';
import { URLSearchParams as ReferenceParams } from 'whatwg-url';

import { expectAsInNode } from '../../support/globals.js';

/** Node 20 strays from the standard in places; this does not. */
const REFERENCE = { URLSearchParams: ReferenceParams };

describe('URLSearchParams', () => {
  const QUERIES = [
    '',
    '?',
    '?a=b',
    'a',
    'a=',
    '=b',
    '=',
    '&',
    'a&b',
    'a=b=c',
    'a+b=c+d',
    '%20=%2B',
    'é=€',
    '%C3%A9=%E2%82%AC',
    '%C3',
    '%zz',
    '%',
    'a%',
    'é%80',
    '%EF%BB%BFx',
    'a=1&a=2&b=3',
    '??a',
    'a=%00',
    '\ud800=\udc00',
    '😀=%F0%9F%98%80',
    "!'()*~-._",
  ];

  it('reads and writes what the standard says', async () => {
    const random = fc.sample(
      fc.array(fc.constantFrom('a', '=', '&', '+', '%', '%2', '%41', '%C3', '%A9', 'é', ' ', '?', '#'), {
        maxLength: 10,
      }),
      400,
    );
    const queries = [...QUERIES, ...random.map((pieces) => pieces.join(''))];
    await expectAsInNode(
      (query: string) => [[...new URLSearchParams(query)], String(new URLSearchParams(query))],
      queries,
      REFERENCE,
    );
  });

  it('writes any pairs as Node does', async () => {
    const pairs = fc.sample(
      fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ maxLength: 8 })), { maxLength: 4 }),
      300,
    );
    await expectAsInNode(
      (input: [string, string][]) => [String(new URLSearchParams(input)), [...new URLSearchParams(input)]],
      pairs,
    );
  });

  it('changes as Node’s do', async () => {
    const step = fc.tuple(
      fc.constantFrom('append', 'set', 'delete', 'sort', 'deletePair', 'has', 'hasPair', 'getAll', 'get'),
      fc.constantFrom('a', 'b', 'c', 'é', '😀', '\uffff'),
      fc.constantFrom('1', '2', ' '),
    );
    await expectAsInNode(
      (steps: [string, string, string][]) => {
        const params = new URLSearchParams('a=1&b=2&a=2');
        const seen: unknown[] = [];
        for (const [method, name, value] of steps) {
          if (method === 'append') params.append(name, value);
          if (method === 'set') params.set(name, value);
          if (method === 'delete') params.delete(name);
          if (method === 'deletePair') params.delete(name, value);
          if (method === 'sort') params.sort();
          if (method === 'has') seen.push(params.has(name));
          if (method === 'hasPair') seen.push(params.has(name, value));
          if (method === 'getAll') seen.push(params.getAll(name));
          if (method === 'get') seen.push(params.get(name));
          seen.push(params.toString(), params.size);
        }
        return seen;
      },
      fc.sample(fc.array(step, { maxLength: 8 }), 200),
    );
  });

  it.each([
    ['a record', () => String(new URLSearchParams({ a: '1', b: 'x y', '\ud800': '2' }))],
    [
      'pairs',
      () =>
        String(
          new URLSearchParams([
            ['a', '1'],
            ['a', '2'],
          ]),
        ),
    ],
    ['a map', () => String(new URLSearchParams(new Map([['a', '1']]) as never))],
    ['another one', () => String(new URLSearchParams(new URLSearchParams('a=1')))],
    ['nothing', () => String(new URLSearchParams())],
    ['null', () => String(new URLSearchParams(null as never))],
    ['pairs of three', () => String(new URLSearchParams([['a', 'b', 'c']] as never))],
    ['a list of texts', () => String(new URLSearchParams(['ab'] as never))],
    ['a symbol', () => String(new URLSearchParams(Symbol('s') as never))],
    ['a symbol as key', () => String(new URLSearchParams({ [Symbol('s')]: 'x' } as never))],
    ['too few arguments', () => (new URLSearchParams('a=1').append as (name: string) => void)('a')],
    [
      'its iterators',
      () => {
        const params = new URLSearchParams('a=1&b=2');
        const each: unknown[] = [];
        params.forEach(function (this: unknown, value, name, owner) {
          each.push(value, name, owner === params, this === each);
        }, each);
        return [
          [...params.keys()],
          [...params.values()],
          [...params.entries()],
          each,
          params[Symbol.iterator] === params.entries,
        ];
      },
    ],
    [
      'changes while it is iterated',
      () => {
        const params = new URLSearchParams('a=1&b=2&c=3');
        const seen: string[] = [];
        for (const [name] of params) {
          seen.push(name);
          if (name === 'a') params.delete('b');
        }
        return seen;
      },
    ],
  ] as [string, () => unknown][])('takes %s as the standard says', async (_title, probe) => {
    await expectAsInNode(probe, [0], REFERENCE);
  });
});
