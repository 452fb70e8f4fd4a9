import { describe, expect, it } from 'vitest';

import { findSourceProblem } from '#src/source/source-check.js';
import { decodeInSlices, encodeInSlices, slicesOf } from '#src/source/text-slices.js';
import { SLICE_LENGTH } from '#src/support/bytes/byte-slices.js';

const PAIR = '\ud83d\ude00';
const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['a few characters', 'aé€😀'],
  ['exactly one slice', 'a'.repeat(SLICE_LENGTH)],
  ['a pair across the end of a slice', `${'a'.repeat(SLICE_LENGTH - 1)}${PAIR}b`],
  ['a pair that begins the next slice', `${'é'.repeat(SLICE_LENGTH)}${PAIR}`],
  ['three slices of pairs', `x${PAIR.repeat(SLICE_LENGTH)}`],
  ['a byte order mark', `\ufeff${'€'.repeat(SLICE_LENGTH)}`],
];

describe.each(TEXTS)('a text in slices: %s', (_name, text) => {
  it('is the text, and no pair is taken apart', () => {
    const slices = [...slicesOf(text)];
    expect(slices.join('') === text).toBe(true);
    expect(slices.every((slice) => slice.isWellFormed())).toBe(true);
    expect(slices.length).toBe(Math.max(slices.length, Math.floor(text.length / (SLICE_LENGTH + 1))));
  });

  it('is encoded and decoded as it is as a whole', async () => {
    const told: Uint8Array[] = [];
    let length = 0;
    const encoded = await encodeInSlices(
      text,
      (bytes) => {
        length = bytes;
      },
      (slice) => told.push(slice),
    );
    const whole = Buffer.from(text, 'utf8');
    expect(Buffer.compare(encoded, whole)).toBe(0);
    expect(length).toBe(whole.length);
    expect(Buffer.compare(Buffer.concat(told), whole)).toBe(0);
    expect((await decodeInSlices(encoded)) === text).toBe(true);
  });
});

describe('a source that the parser need not see', () => {
  const MAX = 3 * SLICE_LENGTH;
  const problemOf = async (source: string) => (await findSourceProblem(source, MAX))?.context;

  it('is one that is too large in bytes, by its length or by its characters', async () => {
    expect(await problemOf('a'.repeat(MAX))).toBeUndefined();
    expect(await problemOf('a'.repeat(MAX + 1))).toEqual({ limit: 'maxSourceBytes', value: MAX, bytes: MAX + 1 });
    expect(await problemOf('€'.repeat(MAX / 3))).toBeUndefined();
    expect(await problemOf(`a${'€'.repeat(MAX / 3)}`)).toEqual({ limit: 'maxSourceBytes', value: MAX, bytes: MAX + 1 });
  });

  it('is one of space alone, however much', async () => {
    expect(await problemOf(' \n\t'.repeat(SLICE_LENGTH - 10))).toEqual({ expected: 'source text' });
    expect(await problemOf(`${' '.repeat(2 * SLICE_LENGTH)}1`)).toBeUndefined();
  });

  it.each([
    0,
    5,
    SLICE_LENGTH - 1,
    SLICE_LENGTH,
    SLICE_LENGTH + 1,
    2 * SLICE_LENGTH,
  ])('is one with half a pair: at index %d', async (index) => {
    for (const half of ['\ud83d', '\ude00']) {
      const source = `${'a'.repeat(index)}${half}${'a'.repeat(10)}`;
      expect(await problemOf(source)).toEqual({ index });
    }
  });
});
