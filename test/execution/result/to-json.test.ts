import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toJson } from '#src/execution/result/to-json.js';

/** 40 arrays, each of which holds the one before it twice. */
function folded(): unknown {
  let value: unknown[] = [];
  for (let i = 0; i < 40; i++) value = [value, value];
  return value;
}

const { value: any } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
    fc.string().map((message) => Object.assign(new TypeError(message, { cause: [1n] }), { code: message })),
  ),
}));

describe('toJson', () => {
  it('writes plain data as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('writes what JSON does not have in forms of its own', () => {
    const error = Object.assign(new TypeError('no', { cause: new Error('deeper') }), { code: 5 });
    expect(
      JSON.parse(
        toJson({
          map: new Map([[{ key: 1 }, new Set([1, 1n])]]),
          large: -(2n ** 5_000n),
          dates: [new Date(0), new Date(Number.NaN)],
          bytes: [new Uint8Array([1, 2, 3]), new Uint8Array([4]).buffer],
          floats: new Float64Array([0.5, Number.NaN]),
          empty: [new Map(), new Set(), [], {}],
          absent: undefined,
          items: [undefined, Number.NaN],
          error,
        }),
      ),
    ).toEqual({
      map: { $map: [[{ key: 1 }, { $set: [1, { $bigint: '1' }] }]] },
      large: { $bigint: `-0x1${'0'.repeat(1_250)}` },
      dates: ['1970-01-01T00:00:00.000Z', null],
      bytes: [{ $bytes: 'AQID' }, { $bytes: 'BA==' }],
      floats: { $Float64Array: [0.5, null] },
      empty: [{ $map: [] }, { $set: [] }, [], {}],
      items: [null, null],
      error: {
        $error: { name: 'TypeError', message: 'no', code: 5, cause: { $error: { name: 'Error', message: 'deeper' } } },
      },
    });
  });

  it('is JSON, and never longer than it may be', () => {
    fc.assert(
      fc.property(any, fc.integer({ min: 64, max: 600 }), (value, maxBytes) => {
        const text = toJson(value, { maxBytes });
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
        JSON.parse(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['an array', Array.from({ length: 1_000 }, (_, i) => i), '{"$cut":'],
    ['an object', Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i])), '"$cut":'],
    ['a Map', new Map(Array.from({ length: 1_000 }, (_, i) => [i, i])), '{"$cut":'],
    ['a text', 'x'.repeat(1_000), ' more characters'],
    ['a text that JSON makes longer', '\u0001'.repeat(1_000), ' more characters'],
    ['bytes', new Uint8Array(1_000), '"$cut":'],
    ['a BigInt', 1n << 10_000n, ' more characters'],
    ['objects that occur again and again', folded(), '"$cut":'],
  ])('says of %s what it left out', (_title, value, sign) => {
    for (const maxBytes of [64, 100, 333]) {
      const text = toJson(value, { maxBytes });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
      expect(text).toContain(sign);
      JSON.parse(text);
    }
  });

  it('counts what it left out of an array', () => {
    const text = JSON.parse(toJson(Array(1_000).fill(7), { maxBytes: 100 })) as unknown[];
    const { $cut } = text.at(-1) as { $cut: number };
    expect(text.length - 1 + $cut).toBe(1_000);
  });

  it('ends with objects that occur again and again, and with cycles', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(toJson(folded()).length).toBeLessThanOrEqual(1024 * 1024);
    expect(toJson(cyclic)).toContain('"$cut":true');
  });

  it.each([0, 63, 1.5, Number.NaN, '100'])('refuses %s as maxBytes', (maxBytes) => {
    expect(() => toJson(1, { maxBytes: maxBytes as number })).toThrow(
      /maxBytes is .* it must be a whole number from 64/,
    );
  });
});
