import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MalformedValueError } from '#src/codec/values/decoding/byte-reader.js';
import { Collisions, predictHash, UNPREDICTABLE } from '#src/codec/values/decoding/collisions.js';
import { decodeFields, ValueDecoder } from '#src/codec/values/decoding/decode.js';
import { TooManyPathsError } from '#src/codec/values/decoding/decoding-errors.js';
import { ByteWriter } from '#src/codec/values/encoding/byte-writer.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';

const encoder = new ValueEncoder();
const MIB = 1024 * 1024;

/** A document with the value in an array, its only field. What the encoder adds for the guest is not read. */
function documentOf(value: unknown): Uint8Array {
  return Buffer.from(encoder.encodeFields([[value]], ['value'], 64 * MIB));
}

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, undefined, true, -0, Number.NaN),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.float64Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((items) => new Set(items)),
    fc.string().map((message) => Object.assign(new RangeError(message), { code: message })),
  ),
}));

/** Decodes in slices that end at every look at the clock; returns the field and how many there were. */
function inSlices(bytes: Uint8Array): { readonly value: unknown; readonly slices: number } {
  let time = 0;
  const decoder = new ValueDecoder(bytes, true, { end: -1, now: () => time++ });
  let slices = 1;
  while (!decoder.run(0)) slices++;
  return { value: (decoder.fields[0] as unknown[])[0], slices };
}

describe('a document that is decoded in slices', () => {
  it('comes to the same as in one piece', () => {
    let interrupted = 0;
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 1 }), fc.integer({ min: 1, max: 200 }), (values, times) => {
        const long = Array.from({ length: times }, () => structuredClone(values.slice(0, 3)));
        const bytes = documentOf([values, long]);
        const [whole] = decodeFields(bytes, { end: -1 }) as [unknown[]];
        const sliced = inSlices(bytes);
        if (sliced.slices > 1) interrupted++;
        expect(isDeepStrictEqual(sliced.value, whole[0])).toBe(true);
        expect(isDeepStrictEqual((sliced.value as unknown[])[0], values)).toBe(true);
      }),
      { numRuns: 100 },
    );
    expect(interrupted).toBeGreaterThan(0);
  });

  it('was encoded to the same bytes as in one piece', () => {
    fc.assert(
      fc.property(fc.array(anyValue), (values) => {
        const fields = [{ a: values, b: Array.from({ length: 300 }, (_, i) => [i, values]) }, values];
        const whole = Buffer.from(encoder.encodeFields(fields, ['value'], MIB));
        const sliced = new ValueEncoder();
        sliced.beginFields(fields, ['value'], MIB);
        // Each call ends at its first look at the clock.
        let slices = 1;
        while (!sliced.run(0)) slices++;
        expect(slices).toBeGreaterThan(1);
        expect(whole.equals(sliced.finish())).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('stops at an error with its path, in whichever slice that is', () => {
    const bytes = documentOf(Array.from({ length: 5_000 }, (_, i) => ({ n: i })));
    const cut = bytes.subarray(0, bytes.length - 100);
    try {
      inSlices(cut);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedValueError);
      expect((error as MalformedValueError).path?.slice(0, 3)).toEqual([1, 0, expect.any(Number)]);
    }
  });

  it('is refused when it takes a hundred times as long as its values warrant', () => {
    let time = 0;
    const decoder = new ValueDecoder(documentOf(Array.from({ length: 5_000 }, (_, i) => i)), true, {
      end: -1,
      now: () => {
        time += 2_000;
        return time;
      },
    });
    expect(() => {
      while (!decoder.run(0));
    }).toThrow(/takes far longer to read than its size warrants/);
  });
});

/** A clock that stands still, so that no time that the machine takes counts. */
const AT_ONCE = { end: -1, now: () => 0 };

/** Keys that V8 puts into one bucket of a table of 2^11. */
function colliding<T>(make: (i: number) => T, count: number): T[] {
  const keys: T[] = [];
  const wanted = predictHash(make(1)) & 0x7ff;
  for (let i = 1; keys.length < count; i++) {
    const key = make(i);
    if ((predictHash(key) & 0x7ff) === wanted) keys.push(key);
  }
  return keys;
}

describe('keys that were made to collide', () => {
  const COUNT = 3_000;
  const kinds: [string, () => unknown[]][] = [
    ['BigInts with the same lowest 64 bits', () => Array.from({ length: COUNT }, (_, i) => BigInt(i) << 64n)],
    ['negative ones', () => Array.from({ length: COUNT }, (_, i) => -(BigInt(i + 1) << 64n) - 5n)],
    ['whole numbers', () => colliding((i) => i * 16, COUNT)],
    ['fractions', () => colliding((i) => i + 0.5, COUNT)],
    ['numbers beyond 32 bits', () => colliding((i) => 2 ** 32 + i, COUNT)],
    ['indices as text', () => Array.from({ length: COUNT }, (_, i) => String(i * 2 ** 15))],
    [
      'texts that are too long to be hashed',
      () => Array.from({ length: 400 }, (_, i) => `${'x'.repeat(16_384)}${1_000 + i}`),
    ],
  ];

  it.each(kinds)('%s are refused in a Set and in a Map, with the path and what to do', (_title, make) => {
    const keys = make();
    for (const collection of [new Set(keys), new Map(keys.map((key) => [key, 1]))]) {
      try {
        decodeFields(documentOf({ found: collection }), AT_ONCE);
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).toMatch(/keys collide with each other; return arrays/);
        expect((error as MalformedValueError).path?.slice(0, 3)).toEqual([1, 0, 'found']);
      }
    }
  });

  it('long names of properties are refused', () => {
    const record = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`${'x'.repeat(16_384)}${1_000 + i}`, i]));
    expect(() => decodeFields(documentOf(record), AT_ONCE)).toThrow(/names whose keys collide/);
  });

  it.each<[string, (i: number) => unknown]>([
    ['BigInts', (i) => BigInt(i) * 2n ** 32n],
    ['whole numbers', (i) => i * 1_000],
    ['fractions', (i) => i / 8],
    ['texts', (i) => `key ${i}`],
    ['indices as text', (i) => String(i)],
    ['objects', (i) => ({ i })],
  ])('100,000 honest %s come back', (_title, make) => {
    const keys = Array.from({ length: 100_000 }, (_, i) => make(i));
    const [[found]] = decodeFields(documentOf(new Set(keys)), AT_ONCE) as [[Set<unknown>]];
    expect(found.size).toBe(new Set(keys).size);
  });

  it('are not what 54 years of days in seconds are, as text', () => {
    const days = Array.from({ length: 20_000 }, (_, i) => String(i * 86_400));
    const [[found]] = decodeFields(documentOf(new Set(days)), AT_ONCE) as [[Set<string>]];
    expect(found.size).toBe(days.length);
  });

  it('are counted in proportion to what they cost', () => {
    const counted = (keys: readonly unknown[]) => {
      const collisions = new Collisions();
      const table = collisions.table();
      for (const key of keys) table.add(key);
      return collisions.isTooMuch;
    };
    expect(counted(Array.from({ length: 1_400 }, (_, i) => BigInt(i) << 64n))).toBe(false);
    expect(counted(Array.from({ length: 1_500 }, (_, i) => BigInt(i) << 64n))).toBe(true);
    expect(predictHash({})).toBe(UNPREDICTABLE);
    expect(predictHash('a text')).toBe(UNPREDICTABLE);
  });
});

describe('an object that occurs in many places', () => {
  const paths = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const items = Array.isArray(value)
      ? value
      : value instanceof Map
        ? [...value].flat()
        : value instanceof Set
          ? [...value]
          : Object.values(value);
    return items.reduce((sum: number, item) => sum + paths(item), 1);
  };

  const kinds: [string, (inner: unknown) => unknown][] = [
    ['arrays', (inner) => [inner, inner]],
    ['objects', (inner) => ({ a: inner, b: inner })],
    ['Maps', (inner) => new Map<unknown, unknown>([[inner, inner]])],
    ['Sets', (inner) => new Set([[inner], inner])],
    ['errors', (inner) => Object.assign(new Error('x', { cause: inner }), { field: inner })],
  ];

  it.each(kinds)('is refused through %s, with the limit, by how many paths it has', (_title, wrap) => {
    let value: unknown = [];
    for (let i = 0; i < 40; i++) value = wrap(value);
    try {
      decodeFields(documentOf(value), { end: -1, maxPaths: 1_000_000 });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TooManyPathsError);
      expect((error as TooManyPathsError).maxPaths).toBe(1_000_000);
      expect((error as TooManyPathsError).paths).toBeGreaterThan(1_000_000);
    }
  });

  it('comes back whole within the limit', () => {
    let value: unknown = [];
    for (let i = 0; i < 16; i++) value = [value, value];
    const [[found]] = decodeFields(documentOf(value), { end: -1, maxPaths: 1_000_000 }) as [[unknown[]]];
    expect(found[0]).toBe(found[1]);
  });

  it('counts as many times as a walk meets what is in it, and a tree not at all', () => {
    const graph = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(graph, fc.integer({ min: 0, max: 500 }), (edges, maxPaths) => {
        const nodes: unknown[] = [];
        for (const targets of edges) {
          nodes.push(targets.map((target) => (target < nodes.length ? nodes[target] : target)));
        }
        const value = nodes.at(-1);
        const bytes = documentOf(value);
        // Each array, number and reference is a value; so are the two arrays and the marker around it, and whether it is shared.
        const values = countValues(value, new Set()) + 4;
        const met = paths(value) + 4;
        const decode = () => decodeFields(bytes, { end: -1, maxPaths });
        // A document counts the item that is not read, too.
        if (met - values > maxPaths) expect(decode).toThrow(TooManyPathsError);
        else expect(decode).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  function countValues(value: unknown, seen: Set<unknown>): number {
    if (!Array.isArray(value) || seen.has(value)) return 1;
    seen.add(value);
    return value.reduce((sum: number, item) => sum + countValues(item, seen), 1);
  }
});

describe('collections of a size that V8 grows for too long', () => {
  it.each([
    ['a Set', 1, 2 ** 18 + 1, /is a Set of 262145 entries, more than 262144; return an array/],
    ['a Map', 0, 2 ** 19 + 2, /is a Map of 262145 entries/],
  ])('%s is refused before any of it is made', (_title, kind, items, message) => {
    const writer = new ByteWriter();
    for (const byte of [5, 0, 9, 2, 8, 0, 9]) writer.u8(byte);
    writer.unsigned(items + 2);
    for (const byte of [19, 1, 5, kind * 2]) writer.u8(byte);
    for (let i = 0; i < items; i++) writer.u8(1);
    const bytes = Buffer.alloc(writer.length);
    writer.copyInto(bytes, 0);
    expect(() => decodeFields(bytes)).toThrow(message);
  });

  it('an object of more than 131,072 properties is refused', () => {
    const record = Object.fromEntries(Array.from({ length: 2 ** 17 + 1 }, (_, i) => [i, null]));
    expect(() => decodeFields(documentOf(record), { end: -1 })).toThrow(/has 131073 properties, more than 131072/);
  });
});

describe('the encoder', () => {
  it('takes names that are numbers, and that begin with its own sign, apart', () => {
    const names = ['4294967295', '#4294967295', '##1', '#1', '4294967296', '01', '1'];
    const record = Object.fromEntries(names.map((name, i) => [name, i]));
    // More than are looked up one by one.
    for (let i = 0; i < 20; i++) record[`k${i}`] = i;
    expect(decodeFields(documentOf([record, { ...record }]), { end: -1 })[0]).toEqual([[record, record]]);
  });

  it('finds objects again among more than one of its maps holds', () => {
    const objects = Array.from({ length: 150_000 }, (_, i) => ({ i }));
    const [[[first, again]]] = decodeFields(documentOf([objects, [...objects].reverse()]), { end: -1 }) as [
      [[object[], object[]]],
    ];
    expect(again.every((object, i) => object === first[objects.length - 1 - i])).toBe(true);
  });

  it('counts small objects as more bytes than they have', () => {
    expect(() => encoder.encodeFields([Array.from({ length: 100_000 }, () => ({}))], ['value'], MIB)).toThrow();
    expect(encoder.encodeFields([Array.from({ length: 50_000 }, () => ({}))], ['value'], MIB).length).toBeLessThan(MIB);
  });

  it('finds a cycle among many shared objects as quickly as any', () => {
    let deep: unknown = Array.from({ length: 50_000 }, () => 0);
    for (let i = 0; i < 900; i++) deep = [deep];
    expect(decodeFields(documentOf([deep, deep]), { end: -1 })).toHaveLength(2);
  });
});
