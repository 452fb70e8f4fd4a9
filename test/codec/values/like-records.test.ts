import { describe, expect, it } from 'vitest';
import { differences } from '#src/codec/values/compare.js';
import { decodeFields } from '#src/codec/values/decoding/decode.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { NotTransferableError } from '#src/codec/values/encoding/not-transferable.js';
import { isSameValue } from '#src/codec/values/same-value.js';
import { Random } from '../../fuzz/lib/random.mjs';

// Records that are nearly alike: the encoder remembers their names, and the comparison goes through both encodings at once.

const MAX = 1e8;
const encode = (...fields: unknown[]) => new ValueEncoder().encodeFields(fields, ['x'], MAX);
const decoded = (bytes: Uint8Array) => decodeFields(bytes, { end: -2 });
/** What the guest writes: the marker, then names and values. */
const pairsOf = (record: object) => new ValueEncoder().encode([{}, ...Object.entries(record).flat()], 'x');

const base = (i: number) => ({ id: i, name: `n${i}`, total: i * 1.5, inner: { a: i, b: [i] }, on: i % 2 === 0 });

const VARIANTS: Readonly<Record<string, (i: number) => object>> = {
  'the same': base,
  'a key is missing': (i) => ({ id: i, total: i * 1.5 }),
  'another order': (i) => ({ name: `n${i}`, id: i, on: true, inner: { b: [i], a: i }, total: 1 }),
  'more keys': (i) => ({ ...base(i), extra: null, more: undefined }),
  'integer-like keys': (i) => ({ 7: 'seven', id: i, 1: 'one', '01': 'text', 4294967295: 'large', '-1': 'negative' }),
  'a key that is both a name and a number elsewhere': (i) => ({ [String(i)]: i, id: `${i}`, [`n${i}`]: i }),
  'an own __proto__': (i) => JSON.parse(`{"id":${i},"__proto__":{"a":${i}},"name":"x"}`) as object,
  'no prototype': (i) => Object.assign(Object.create(null), base(i)) as object,
  'a getter': (i) => ({
    id: i,
    get name() {
      return `got ${i}`;
    },
  }),
  'hidden and inherited keys': (i) => Object.defineProperty({ id: i }, 'name', { value: 'hidden' }),
  'a symbol as key': (i) => ({ id: i, [Symbol.iterator]: 1, name: 'x' }),
  'no keys': () => ({}),
  'values of other kinds': (i) => ({
    id: -0,
    name: Number.NaN,
    total: 2 ** 31 + i,
    inner: 10n ** 30n,
    on: new Date(i),
  }),
  'a long string': (i) => ({ id: i, name: 'ä'.repeat(63 + (i % 3)), total: '東'.repeat(70), on: 'x'.repeat(2_000) }),
  bytes: (i) => ({ id: i, name: new Uint8Array([i & 0xff, 1]), inner: new Float64Array([i]) }),
};

/** Own enumerable properties as they are, in their order. */
const plain = (record: object): unknown =>
  Object.fromEntries(Object.keys(record).map((key) => [key, (record as Record<string, unknown>)[key]]));

describe('like records', () => {
  for (const [title, variant] of Object.entries(VARIANTS)) {
    it(`come out as they went in: ${title}`, () => {
      const records = Array.from({ length: 40 }, (_, i) => (i % 3 === 2 ? variant(i) : base(i)));
      const [{ list }] = decoded(encode({ list: records })) as [{ list: object[] }];
      expect(list).toStrictEqual(records.map(plain));
      expect(list.map((record) => Object.keys(record))).toEqual(records.map((record) => Object.keys(record)));
    });
  }

  it('have more names and more places than are remembered', () => {
    const wide = (i: number) =>
      Object.fromEntries(Array.from({ length: 80 }, (_, k) => [`k${(k * (1 + (i % 2))) % 97}`, k]));
    const deep = (i: number): object =>
      Array.from({ length: 40 }).reduce<object>((inner, _, k) => ({ [`d${k}`]: inner, i }), {});
    const records = Array.from({ length: 30 }, (_, i) => ({ wide: wide(i), deep: deep(i), ...wide(i + 1) }));
    expect(decoded(encode(records))).toStrictEqual([records]);
  });

  it('stay one object where one occurs twice, near and far', () => {
    const records: object[] = Array.from({ length: 70_000 }, (_, i) => ({ i }));
    const twice = [records[0], records[11], records[12], records[13], records[65_549], records[69_999]];
    const [list, again] = decoded(encode(records, twice)) as [object[], object[]];
    expect(again).toEqual(twice);
    expect(again.map((record) => list.indexOf(record))).toEqual([0, 11, 12, 13, 65_549, 69_999]);
  });

  it('name the path of what cannot pass, in any of them', () => {
    const cyclic: { self?: object } = {};
    cyclic.self = cyclic;
    const throws = {
      id: 1,
      get name(): never {
        throw new Error('no');
      },
    };
    for (const [record, path] of [
      [{ id: 1, name: () => 1 }, 'x.list[300].name'],
      [{ id: 1, total: { a: [0, Symbol('s')] } }, 'x.list[300].total.a[1]'],
      [cyclic, 'x.list[300].self'],
      [throws, 'x.list[300].name'],
      [{ 7: class A {} }, 'x.list[300]["7"]'],
    ] as const) {
      const list: object[] = Array.from({ length: 300 }, (_, i) => base(i));
      list.push(record);
      try {
        encode({ list });
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(NotTransferableError);
        expect((error as NotTransferableError).path).toBe(path);
      }
    }
  });

  it('are encoded to the same bytes in slices', () => {
    const list = Array.from({ length: 3_000 }, (_, i) => base(i));
    const encoder = new ValueEncoder();
    encoder.beginFields([{ list }, list.map((record) => record.id)], ['x'], MAX);
    let slices = 0;
    while (!encoder.run(0)) slices++;
    expect(encoder.finish()).toEqual(
      encode(
        { list },
        list.map((record) => record.id),
      ),
    );
    expect(slices).toBeGreaterThan(20);
  });
});

describe('what a handler reached', () => {
  it.each(Object.entries(VARIANTS))('is no change if it is the same: %s', (_title, variant) => {
    const state = { other: [base(1)], list: [1, 2, 3].map(variant), more: { variant: variant(4) }, last: 1 };
    const input = encode(state, undefined);
    for (const keys of [['list'], ['list', 'more'], ['more', 'list'], ['last', 'other', 'more']] as const) {
      const reached = Object.fromEntries(keys.map((key) => [key, state[key as 'list']]));
      expect(differences(input, pairsOf(reached))).toEqual(keys.map(() => false));
    }
  });

  it('is a change exactly if a value differs, whatever it is that was changed', () => {
    const random = new Random(23);
    const values = [0, -0, 1, 1.5, 2 ** 40, Number.NaN, '', 'a', 'é東', null, undefined, true, 5n, 2n ** 80n];
    for (let round = 0; round < 1_500; round++) {
      const make = () => [
        Object.values(VARIANTS)[round % 15]?.(round % 7),
        { a: [values[round % values.length], { b: base(round % 5) }], m: new Date(round % 3) },
      ];
      const state = { first: base(round), list: make(), second: [1] };
      const changed: { list: unknown; second: unknown } = { list: make(), second: [1] };
      const target = [
        changed.list as unknown[],
        (changed.list as { a: unknown[] }[])[1]?.a,
        changed.second as unknown[],
      ];
      const at = target[random.below(3)] as unknown[];
      at[random.below(at.length)] = values[random.below(values.length)];
      expect(differences(encode(state, 1), pairsOf(changed))).toEqual([
        !isSameValue(state.list, changed.list),
        !isSameValue(state.second, changed.second),
      ]);
    }
  });

  it('is a change if an object was put into the place of another that is equal, and is now one with a third', () => {
    const state = { list: [{ a: 1 }, { a: 1 }, { b: 1 }] };
    const [one, , three] = state.list;
    const bytes = differences(encode(state), pairsOf({ list: [one, one, three] }));
    expect(bytes).toEqual([!isSameValue(state.list, [one, one, three])]);
    const shared = { list: [one, one], also: one };
    expect(differences(encode(shared), pairsOf({ list: [one, one] }))).toEqual([false]);
    expect(differences(encode(shared), pairsOf({ also: one, list: [one, one] }))).toEqual([false, false]);
  });

  it('is untrusted: no bytes of it throw, and none but equal ones are no change', () => {
    const random = new Random(24);
    const state = { list: [base(1), base(2)], map: { k: 'v'.repeat(40), n: 300 } };
    const input = encode(state);
    const honest = Uint8Array.from(pairsOf(state));
    let refused = 0;
    for (let round = 0; round < 4_000; round++) {
      const bytes = Uint8Array.from(honest);
      bytes[random.below(bytes.length)] = random.below(256);
      const verdicts = differences(
        input,
        random.below(10) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes,
      );
      if (verdicts === undefined) refused++;
      else if (verdicts.length === 2 && !verdicts.includes(true)) {
        expect(isSameValue(decodeFields(bytes), Object.entries(state).flat())).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
