import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { expectAsInNode, inVm } from '../../support/globals.js';

describe('structuredClone', () => {
  it('copies any JSON', async () => {
    await expectAsInNode((input: unknown) => structuredClone(input), fc.sample(fc.jsonValue({ maxDepth: 4 }), 300));
  });

  it.each([
    ['dates', () => structuredClone(new Date(7)).getTime()],
    ['an invalid date', () => structuredClone(new Date(Number.NaN)).getTime()],
    [
      'regular expressions, without lastIndex',
      () => {
        const expression = /a(b)/gi;
        expression.lastIndex = 3;
        const copy = structuredClone(expression);
        return [String(copy), copy.lastIndex, copy instanceof RegExp];
      },
    ],
    [
      'maps, in order and deep',
      () => [
        ...structuredClone(
          new Map<unknown, unknown>([
            [1, { a: [2] }],
            [{ k: 1 }, 'v'],
          ]),
        ),
      ],
    ],
    ['sets', () => [...structuredClone(new Set([3, 1, { a: 1 }]))]],
    [
      'wrapper objects',
      () =>
        [new Boolean(false), new Number(3), new String('s'), Object(5n)].map((box) => {
          const copy = structuredClone(box);
          return [typeof copy, copy.valueOf(), Object.prototype.toString.call(copy)];
        }),
    ],
    [
      'bigints, undefined, NaN, -0',
      () => structuredClone([1n, undefined, Number.NaN, -0]).map((x) => (Object.is(x, -0) ? '-0' : String(x))),
    ],
    [
      'holes and extra members of arrays',
      () => {
        const copy = structuredClone(Object.assign(new Array(2), { 2: 3, extra: 1 }));
        return [copy.length, 1 in copy, Object.keys(copy), Array.isArray(copy)];
      },
    ],
    [
      'only own enumerable members, by their getters',
      () => {
        const source = Object.create(
          { inherited: 1 },
          { hidden: { value: 1 }, shown: { get: () => 5, enumerable: true } },
        );
        return Object.getOwnPropertyDescriptors(structuredClone(source));
      },
    ],
    [
      'instances as plain objects',
      () => {
        class Point {
          x = 1;
          #y = 2;
          get y() {
            return this.#y;
          }
        }
        const copy = structuredClone(new Point());
        return [Object.getPrototypeOf(copy) === Object.prototype, Object.keys(copy)];
      },
    ],
    [
      'a member of the name __proto__',
      () => {
        const copy = structuredClone(JSON.parse('{"__proto__": {"a": 1}}'));
        return [Object.keys(copy), Object.getPrototypeOf(copy) === Object.prototype];
      },
    ],
    ['symbols as keys not at all', () => Reflect.ownKeys(structuredClone({ [Symbol('s')]: 1, a: 2 })).length],
    [
      'cycles',
      () => {
        const source: { self?: unknown; list: unknown[] } = { list: [] };
        source.self = source;
        source.list.push(source, source.list);
        const copy = structuredClone(source);
        return [copy !== source, copy.self === copy, copy.list[0] === copy, copy.list[1] === copy.list];
      },
    ],
    [
      'cycles through maps and sets',
      () => {
        const map = new Map<unknown, unknown>();
        map.set(map, new Set([map]));
        const copy = structuredClone(map);
        return [copy !== map, copy.has(copy), (copy.get(copy) as Set<unknown>).has(copy)];
      },
    ],
    [
      'shared references as shared',
      () => {
        const shared = { n: 1 };
        const copy = structuredClone({ a: shared, b: [shared], m: new Map([['k', shared]]) });
        return [copy.a !== shared, copy.a === copy.b[0], copy.m.get('k') === copy.a];
      },
    ],
    [
      'errors by their type, with message and cause',
      () =>
        [
          new Error('m', { cause: { a: 1 } }),
          new TypeError('t'),
          new RangeError(''),
          Object.assign(new Error('n'), { name: 'SyntaxError' }),
          Object.assign(new Error('o'), { name: 'Custom', extra: 1 }),
        ].map((error) => {
          const copy = structuredClone(error);
          return [
            copy.name,
            copy.message,
            copy.constructor.name,
            Object.keys(copy),
            copy.cause,
            copy instanceof Error,
            typeof copy.stack,
          ];
        }),
    ],
    [
      'typed arrays that share a buffer',
      () => {
        const buffer = new ArrayBuffer(16);
        const source = {
          a: new Uint8Array(buffer, 4, 4),
          b: new Float64Array(buffer, 8, 1),
          v: new DataView(buffer, 2, 3),
        };
        source.a[1] = 7;
        source.b[0] = 1.5;
        const { a, b, v } = structuredClone(source);
        return [
          [...a],
          [...b],
          a.byteOffset,
          v.byteOffset,
          v.byteLength,
          a.buffer === b.buffer,
          v.buffer === a.buffer,
          a.buffer !== buffer,
          a.buffer.byteLength,
        ];
      },
    ],
    [
      'every kind of typed array',
      () =>
        [
          new Int8Array([1]),
          new Uint8ClampedArray([2]),
          new Int16Array([3]),
          new Uint16Array([4]),
          new Int32Array([5]),
          new Uint32Array([6]),
          new Float32Array([7]),
          new BigInt64Array([8n]),
          new BigUint64Array([9n]),
        ].map((array) => {
          const copy = structuredClone(array) as typeof array;
          return [copy.constructor.name, String(copy[0])];
        }),
    ],
    [
      'buffers, transferred or not',
      () => {
        const kept = new Uint8Array([1, 2]).buffer;
        const moved = new Uint8Array([3]).buffer;
        const copy = structuredClone({ kept, moved }, { transfer: [moved] });
        return [copy.kept.byteLength, copy.moved.byteLength, kept.byteLength];
      },
    ],
  ] as [string, () => unknown][])('copies %s', async (_title, probe) => {
    await expectAsInNode(probe, [0]);
  });

  it.each([
    ['a function', () => structuredClone(() => 1)],
    ['a symbol', () => structuredClone(Symbol('s'))],
    ['a method within', () => structuredClone({ a: [{ f() {} }] })],
    ['a promise', () => structuredClone(Promise.resolve())],
    ['a weak map', () => structuredClone(new WeakMap())],
    ['a generator', () => structuredClone((function* () {})())],
    [
      'a buffer transferred twice',
      () => {
        const buffer = new ArrayBuffer(1);
        return structuredClone(0, { transfer: [buffer, buffer] });
      },
    ],
    ['nothing', () => (structuredClone as () => unknown)()],
  ] as [string, () => unknown][])('refuses %s with the error that Node throws', async (_title, probe) => {
    await expectAsInNode(probe, [0]);
  });

  it('leaves a buffer that is transferred with its owner, and its views with their items', async () => {
    const outcome = await inVm(() => {
      const buffer = new Uint8Array([1, 2, 3]).buffer;
      const view = new Uint8Array(buffer, 1);
      const copy = structuredClone({ buffer, view }, { transfer: [buffer] });
      view[0] = 9;
      return [buffer.byteLength, [...view], copy.buffer, [...copy.view], copy.view.buffer === copy.buffer];
    }, [0]);
    expect(outcome).toEqual([{ value: [3, [9, 3], new Uint8Array([1, 2, 3]).buffer, [2, 3], true] }]);
  });

  it('leaves buffers whole when the value cannot be copied', async () => {
    await expectAsInNode(() => {
      const buffer = new ArrayBuffer(3);
      try {
        structuredClone({ buffer, f() {} }, { transfer: [buffer] });
      } catch (error) {
        return [
          (error as DOMException).name,
          (error as DOMException).code,
          error instanceof DOMException,
          buffer.byteLength,
        ];
      }
      return 'copied';
    }, [0]);
  });

  it('passes on what a getter throws', async () => {
    await expectAsInNode(
      () =>
        structuredClone({
          get a() {
            throw new RangeError('mine');
          },
        }),
      [0],
    );
  });
});
