import { describe, expect, it } from 'vitest';

import { copyBytes } from '#src/support/bytes/copy-bytes.js';

const plain = (length: number) => new Uint8Array(length);
const shared = (length: number) => new Uint8Array(new SharedArrayBuffer(length));
const linear = (length: number) => new Uint8Array(new WebAssembly.Memory({ initial: 4, maximum: 4 }).buffer, 0, length);
const numbered = (bytes: Uint8Array) => bytes.map((_, index) => (index * 7) % 251);

describe.each([
  ['plain to shared', plain, shared],
  ['shared to plain', shared, plain],
  ['shared to shared', shared, shared],
  ['plain to plain', plain, plain],
  ['linear memory to shared', linear, shared],
  ['shared to linear memory', shared, linear],
])('bytes that are copied from %s', (_, from, to) => {
  it.each([0, 1, 100, 16 * 1024 - 1, 16 * 1024, 100_003])('are where set() puts them: %d bytes', (length) => {
    const source = from(length);
    source.set(numbered(plain(length)));
    for (const offset of [0, 1, 4_097]) {
      const target = to(length + 5_000).fill(255);
      const expected = plain(length + 5_000).fill(255);
      expected.set(source, offset);
      copyBytes(source, target, offset);
      expect(Buffer.compare(target, expected)).toBe(0);
    }
  });

  it('are all bytes of it or none', () => {
    const target = to(20_000).fill(255);
    expect(() => copyBytes(from(20_000), target, 1)).toThrow(RangeError);
    expect(target.every((byte) => byte === 255)).toBe(true);
  });

  it('are those of a view', () => {
    const target = to(40_000);
    const source = from(60_000);
    source.set(numbered(plain(60_000)));
    copyBytes(source.subarray(10_001, 40_001), target.subarray(3, 30_003));
    expect(Buffer.compare(target.subarray(3, 30_003), source.subarray(10_001, 40_001))).toBe(0);
    expect([target[2], target[30_003]]).toEqual([0, 0]);
  });
});
