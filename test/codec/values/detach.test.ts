import { describe, expect, it } from 'vitest';
import { Detacher } from '#src/codec/values/detach.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { numbersOf } from '../../runtime/left-out/programs.js';

const NOWHERE = { has: () => false };
const MAX_BYTES = 1_000_000;

/** Any value that the copy takes; objects occur in several places. */
function anyValue(number: (below: number) => number, met: object[], depth = 0): unknown {
  const leaves = [number(1e9) - 5e8, number(100) / 7, -0, Number.NaN, 'text', 'größer ☃', '', true, undefined, null];
  const kind = number(depth > 4 ? 10 : 18);
  if (kind < 10) return leaves[kind];
  if (kind === 10 && met.length > 0) return met[number(met.length)];
  if (kind === 11) return BigInt(number(1e9)) ** 2n * (number(2) ? 1n : -1n);
  const made = objectOf(kind, number, met, depth);
  met.push(made);
  return made;
}

function objectOf(kind: number, number: (below: number) => number, met: object[], depth: number): object {
  if (kind === 12) return new Date(number(1e9));
  if (kind === 13) return [new Uint8Array(number(50)), Buffer.from('bytes'), new Float64Array(3)][number(3)] as object;
  if (kind === 14) return new Uint8Array([1, 2, number(9)]).buffer;
  const length = number(6);
  if (kind < 17) return Array.from({ length }, () => anyValue(number, met, depth + 1));
  const record: Record<string, unknown> = number(4) === 0 ? Object.create(null) : {};
  for (let i = 0; i < length; i++) {
    const key = ['a', 'longer name', '12', '__proto__', 'ß', `k${number(99)}`][number(6)] as string;
    const descriptor = {
      value: anyValue(number, met, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    };
    Object.defineProperty(record, key, descriptor);
  }
  return record;
}

/** What the encoder makes of a value, and what it counts. */
function encoded(value: unknown): { readonly bytes: string; readonly counted: number } {
  const encoder = new ValueEncoder();
  encoder.beginFields([value], ['value'], MAX_BYTES);
  encoder.run();
  const counted = encoder.countedBytes;
  return { bytes: Buffer.from(encoder.finish()).toString('hex'), counted };
}

describe('a copy of a value', () => {
  it('is encoded as the value is, counts at least as much, and has no object in common with it', () => {
    for (let seed = 0; seed < 400; seed++) {
      const met: object[] = [];
      const root = { value: anyValue(numbersOf(seed), met) };
      const detacher = new Detacher(MAX_BYTES, seed % 2 === 0 ? NOWHERE : { ...NOWHERE, few: [{}] });
      const copied = detacher.copy(root);
      const before = encoded(root);
      expect(copied, `seed ${seed}`).toBeDefined();
      detacher.noteNames(['value']);
      expect(detacher.countedBytes, `seed ${seed}`).toBeGreaterThanOrEqual(before.counted);
      for (const object of met) if (!ArrayBuffer.isView(object)) Object.assign(object, { changed: true, 0: 'changed' });
      detacher.join(copied?.copy as object);
      expect(encoded(copied?.copy).bytes, `seed ${seed}`).toBe(before.bytes);
    }
  });

  it.each([
    ['a function', () => [() => 1]],
    ['a Map', () => ({ map: new Map() })],
    ['an instance of a class', () => [new (class A {})()]],
    ['a symbol', () => ({ symbol: Symbol.iterator })],
    ['a view of another kind', () => new DataView(new ArrayBuffer(8))],
    ['a large BigInt', () => [2n ** 70n]],
    ['a cycle', cyclic],
    ['too many bytes', () => 'x'.repeat(MAX_BYTES)],
    ['a long array of nothing', () => new Array(MAX_BYTES + 1)],
    [
      'an accessor that throws',
      () => ({
        get a() {
          throw new Error('no');
        },
      }),
    ],
  ])('is left to the encoder: %s', (_name, make) => {
    const detacher = new Detacher(MAX_BYTES, NOWHERE);
    expect(detacher.copy([make()])).toBeUndefined();
  });

  it('is not begun of an array that has too many items for it', () => {
    const items: unknown[] = new Array(MAX_BYTES / 4).fill(1);
    let reads = 0;
    Object.defineProperty(items, '0', { enumerable: true, get: () => reads++ });
    expect(new Detacher(MAX_BYTES, NOWHERE).copy({ items })).toBeUndefined();
    expect(reads).toBe(0);
  });

  it('is not made of an object that occurs elsewhere', () => {
    const inner = { n: 1 };
    for (const value of [inner, [inner], [[inner]], { inner }, [{ inner }]]) {
      const one = new Detacher(MAX_BYTES, { has: (object) => object === inner });
      expect(one.copy(value)).toBeUndefined();
      expect(new Detacher(MAX_BYTES, { ...NOWHERE, few: [{}, inner] }).copy(value)).toBeUndefined();
    }
  });
});

function cyclic(): object {
  const list: unknown[] = [];
  list.push({ list });
  return list;
}
