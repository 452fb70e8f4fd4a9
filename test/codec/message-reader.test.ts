import fc from 'fast-check';
import { Packr, pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';

import { MalformedMessageError, readMessage } from '#src/codec/message-reader.js';
import { count, readShaped, record, text } from '#src/codec/message-shape.js';

const MIB = 1024 * 1024;
const ROOM = 16 * MIB;

/** An array header of 32 bits, and the same byte so many times. */
function arrayOf(byte: number, length: number): Buffer {
  const bytes = Buffer.alloc(5 + length, byte);
  bytes[0] = 0xdd;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

describe('MessagePack from outside', () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom(null, true, false, undefined),
      fc.integer(),
      fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(2 ** 33 * 1000) }),
      fc.array(tie('value')),
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('value'),
        { noNullPrototype: true },
      ),
    ),
  })).value;

  it('reads what a packer made of plain data', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = pack(value);
        // A packer gives bytes back as Buffers.
        expect(JSON.stringify(asText(readMessage(bytes, ROOM)))).toBe(JSON.stringify(asText(value)));
      }),
    );
  });

  it('reads or refuses any bytes, and throws nothing but a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readMessage(bytes, ROOM);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('refuses every truncation', () => {
    const bytes = pack({ a: [1, 'two', 3.5, new Uint8Array(40), 2n ** 60n], b: { c: 'x'.repeat(300) } });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readMessage(bytes.subarray(0, length), ROOM)).toThrow(MalformedMessageError);
    }
  });

  it('copies bytes, so that they keep nothing of the message', () => {
    const bytes = pack({ inner: new Uint8Array([1, 2, 3]) });
    const { inner } = readMessage(bytes, ROOM) as { inner: Uint8Array };
    expect(inner.buffer).not.toBe(bytes.buffer);
    expect([...inner]).toEqual([1, 2, 3]);
  });

  const records = new Packr({ useRecords: true, structures: [] });
  const rich = new Packr({ moreTypes: true, structuredClone: true, useRecords: false });
  it.each([
    ['a Set', rich.pack(new Set([1]))],
    ['an error', rich.pack(new Error('x'))],
    ['a regular expression', rich.pack(/x/)],
    ['a view of another buffer', rich.pack(new Float64Array(4))],
    ['records with a structure', records.pack([{ a: 1 }, { a: 2 }])],
    ['a BigInt of 200 bits', new Packr({ useBigIntExtension: true }).pack(2n ** 200n)],
    ['the key "__proto__"', Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from('__proto__'), Buffer.of(0x80)])],
    ['a map as a key', Buffer.of(0x81, 0x80, 0x01)],
    ['an unknown type', Buffer.of(0xc1)],
    ['a byte left over', Buffer.of(0x01, 0x01)],
    ['an array that claims more than there is', Buffer.of(0xdd, 0x7f, 0xff, 0xff, 0xff, 0x01)],
    ['a string that claims more than there is', Buffer.of(0xdb, 0x7f, 0xff, 0xff, 0xff, 0x41)],
    ['arrays nested 1,001 deep', Buffer.concat([Buffer.alloc(1_001, 0x91), Buffer.of(0xc0)])],
  ])('refuses %s', (_title, bytes) => {
    expect(() => readMessage(bytes, ROOM)).toThrow(MalformedMessageError);
  });

  it('reads arrays nested 1,000 deep', () => {
    expect(readMessage(Buffer.concat([Buffer.alloc(1_000, 0x91), Buffer.of(0xc0)]), ROOM)).toHaveLength(1);
  });

  it('counts an empty map as 16 bytes, a number as 4, and takes what fits exactly', () => {
    expect(readMessage(arrayOf(0x80, 100), 101 * 16)).toHaveLength(100);
    expect(() => readMessage(arrayOf(0x80, 100), 101 * 16 - 1)).toThrow(/counts 16, another value 4/);
    expect(readMessage(arrayOf(0x01, 100), 416)).toHaveLength(100);
    expect(() => readMessage(arrayOf(0x01, 100), 415)).toThrow(/more values than 415 bytes allow/);
  });

  it('refuses a message longer than it may be before it reads any of it', () => {
    expect(() => readMessage(Buffer.alloc(11, 0xc1), 10)).toThrow('has 11 bytes, more than 10');
  });

  it('refuses many keys that are too long to be hashed by content', () => {
    const key = 'k'.repeat(20_000);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${key}${i + 10}`, i]));
    expect(() => readMessage(pack(many), 8 * MIB)).toThrow(/more values/);
    expect(Object.keys(readMessage(pack({ [key]: 1 }), 8 * MIB) as object)).toHaveLength(1);
  });
});

describe('a message of a known shape', () => {
  const shape = record({ key: text(4), size: count }, { note: text(10) });

  it('is what was packed', () => {
    expect(readShaped(pack({ key: 'abcd', size: 3 }), { maxBytes: 100, maxValues: 10 }, shape)).toEqual({
      key: 'abcd',
      size: 3,
    });
    expect(
      readShaped(pack({ key: 'abcd', size: 3, note: 'n' }), { maxBytes: 100, maxValues: 10 }, shape),
    ).toMatchObject({ note: 'n' });
  });

  it('is refused with more values than it may have, before the rest is read', () => {
    const many = Buffer.concat([Buffer.of(0xdd, 0, 0, 0, 50), Buffer.alloc(50, 0xc1)]);
    expect(() => readShaped(many, { maxBytes: 1_000, maxValues: 1 }, shape)).toThrow(
      'has more values than it may have',
    );
  });

  it.each([
    ['no field size', { key: 'a' }],
    ['an unknown field "more"', { key: 'a', size: 1, more: 1 }],
    ['the field key, which is not a string', { key: 1, size: 1 }],
    ['the field key, which has 5 characters, more than 4', { key: 'abcde', size: 1 }],
    ['the field size, which is not a whole number of at least 0', { key: 'a', size: -1 }],
    ['not a map', ['a', 1]],
    ['not a map', null],
  ])('is refused with %s', (problem, message) => {
    expect(() => readShaped(pack(message), { maxBytes: 100, maxValues: 10 }, shape)).toThrow(problem);
  });
});

/** BigInts, dates, bytes and `undefined` as text, so that JSON tells them apart. */
function asText(value: unknown): unknown {
  if (value === undefined || typeof value === 'bigint') return `${typeof value} ${value}`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asText(item)]));
  }
  return typeof value === 'number' && !Number.isFinite(value) ? `number ${value}` : value;
}
