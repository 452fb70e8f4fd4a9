import { beforeAll, describe, expect, it } from 'vitest';

import { MalformedValueError } from '#src/codec/values/decoding/byte-reader.js';
import { decodeValue } from '#src/codec/values/decoding/decode.js';
import { CyclicValueError } from '#src/codec/values/decoding/decoding-errors.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { NotTransferableError } from '#src/codec/values/encoding/not-transferable.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureImage, type Image } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import type { Vm } from '#src/engine/vm.js';

const encoder = new ValueEncoder();
const MIB = 1024 * 1024;

const values: [title: string, value: unknown][] = [
  ['null and booleans', [null, true, false]],
  ['undefined', { a: undefined, b: [undefined] }],
  ['small and large integers', [0, 1, -1, 63, 64, -64, -65, 2 ** 30, -(2 ** 31), 2 ** 31 - 1, 2 ** 31, 2 ** 53]],
  ['negative zero, NaN and infinities', [-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['fractions', [0.1, -1e-300, 1.7976931348623157e308, 5e-324]],
  [
    'strings of one and two bytes a character',
    ['', 'ascii', 'Zürich', 'Ελλάδα', '日本語', '👩‍💻', 'a'.repeat(1000), 'ж'.repeat(100)],
  ],
  ['lone surrogates', ['\ud800', 'a\udfffb']],
  ['null characters', ['a\0b']],
  ['BigInts', [0n, 1n, -1n, 127n, 128n, -128n, -129n, 2n ** 64n, -(2n ** 200n), 10n ** 100n]],
  ['dates, valid and not', [new Date(0), new Date(1_700_000_000_123), new Date(Number.NaN)]],
  [
    'typed arrays',
    [new Uint8Array([1, 2, 255]), new Float64Array([0.5, -0]), new BigInt64Array([-1n]), new Int16Array(0)],
  ],
  ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  [
    'keys that are indices, odd or empty',
    { 0: 'a', 17: 'b', '-1': 'c', '01': 'd', '': 'e', 'a b': 'f', 4294967295: 'g' },
  ],
  ['a key named __proto__', JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}')],
  ['nesting', { a: [{ b: [[[{ c: null }]]] }] }],
];

describe('values', () => {
  it.each(values)('%s come back from our own decoder as they went in', (_title, value) => {
    expect(decodeValue(encoder.encode(value, 'value'))).toStrictEqual(value);
  });

  it('an object that occurs twice stays one object', () => {
    const shared = { n: 1 };
    const view = new Uint8Array([1]);
    const decoded = decodeValue(encoder.encode([shared, { again: shared }, view, view], 'value')) as [
      object,
      { again: object },
      Uint8Array,
      Uint8Array,
    ];
    expect(decoded[1].again).toBe(decoded[0]);
    expect(decoded[3]).toBe(decoded[2]);
  });

  it('__proto__ never sets a prototype', () => {
    const decoded = decodeValue(encoder.encode(JSON.parse('{"__proto__": {"polluted": 1}}'), 'value'));
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect((decoded as { polluted?: number }).polluted).toBeUndefined();
  });

  class Money {
    readonly cents = 5;
  }
  const cyclic: { a: { b?: unknown } } = { a: {} };
  cyclic.a.b = cyclic;
  let deep: unknown = 0;
  for (let i = 0; i < 100_000; i++) deep = [deep];

  it.each([
    ['a function', { user: { onClick: () => {} } }, 'args.user.onClick', 'function'],
    ['a symbol', [1, Symbol('s')], 'args[1]', 'symbol'],
    ['a class instance', { price: new Money() }, 'args.price', 'Money'],
    ['a Map', { m: new Map() }, 'args.m', 'Map'],
    ['a cycle', cyclic, 'args.a.b', 'cycle'],
    ['an odd key', { 'a b': { 'c-d': () => {} } }, 'args["a b"]["c-d"]', 'function'],
  ])('%s is refused naming its path', (_title, value, path, reason) => {
    expect(() => encoder.encode(value, 'args')).toThrow(NotTransferableError);
    try {
      encoder.encode(value, 'args');
    } catch (error) {
      expect((error as NotTransferableError).path).toBe(path);
      expect((error as NotTransferableError).reason).toContain(reason);
    }
  });

  it('nesting of 100,000 levels is refused, and the encoder goes on', () => {
    expect(() => encoder.encode(deep, 'args')).toThrow(/deeper than/);
    expect(decodeValue(encoder.encode(1, 'args'))).toBe(1);
  });
});

describe('what the decoder is given by an enemy', () => {
  const sample = Buffer.from(
    encoder.encode({ a: [1, 'two', 3n, new Date(4), new Uint8Array([5])], b: { c: -0.5 } }, 'value'),
  );

  it('every truncation is refused', () => {
    for (let length = 0; length < sample.length; length++) {
      expect(() => decodeValue(sample.subarray(0, length))).toThrow(MalformedValueError);
    }
  });

  it('every single bit flip decodes to something or is refused, and nothing else', () => {
    for (let bit = 0; bit < sample.length * 8; bit++) {
      const flipped = Buffer.from(sample);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        decodeValue(flipped);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedValueError);
      }
    }
  });

  it.each([
    ['a length of 4 GB', '05 00 09 ffffffff0f'],
    ['a string of 2 GB', '05 00 07 feffffff0f'],
    ['a reference to nothing', '05 00 13 05'],
    ['a property name that is not in the table', '05 00 08 01 0a 01'],
    ['another version', '04 00 01'],
    ['a function', '05 00 0c 00'],
    ['bytes left over', '05 00 01 01'],
    ['a view outside its buffer', '05 00 0e 02 09 00 0f 01 ffffffff0f 00'],
  ])('%s is refused before anything is allocated', (_title, hex) => {
    expect(() => decodeValue(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(MalformedValueError);
  });

  it('an object that contains itself is refused with its path', () => {
    // { a: [<reference to the object>] }
    const bytes = Buffer.from('050102610801020901 1300'.replaceAll(' ', ''), 'hex');
    expect(() => decodeValue(bytes)).toThrow(CyclicValueError);
    try {
      decodeValue(bytes);
    } catch (error) {
      expect((error as CyclicValueError).path).toEqual(['a', 0]);
    }
  });
});

describe('the engine agrees with our codec', () => {
  let vm: Vm;
  let image: Image;

  beforeAll(async () => {
    vm = await createExecutionVm(await loadEngine(), { memoryLimitBytes: 32 * MIB, stackSizeBytes: 512 * 1024 });
    image = captureImage(vm);
  });

  it.each(values)('%s come back from the VM as they went in', (_title, value) => {
    restoreImage(vm, image);
    expect(decodeValue(vm.writeValue(vm.readValue(encoder.encode(value, 'value'))))).toStrictEqual(value);
  });

  it('a value larger than the inlet goes through as well', () => {
    restoreImage(vm, image);
    const value = Array.from({ length: 20_000 }, (_, i) => ({ id: i, name: `item ${i}` }));
    expect(decodeValue(vm.writeValue(vm.readValue(encoder.encode(value, 'value'))))).toStrictEqual(value);
  });

  it('shared objects stay shared in the VM', () => {
    restoreImage(vm, image);
    const shared = { n: 1 };
    const [a, b] = decodeValue(vm.writeValue(vm.readValue(encoder.encode([shared, shared], 'value')))) as object[];
    expect(a).toBe(b);
  });
});
