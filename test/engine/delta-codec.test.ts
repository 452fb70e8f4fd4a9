import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delta } from '#src/engine/image/delta.js';
import { decodeDelta, encodeDelta } from '#src/engine/image/delta-codec.js';

/** Runs of blocks of 8 bytes, with gaps of any size between them. */
const deltas: fc.Arbitrary<Delta> = fc
  .array(fc.record({ gap: fc.integer({ min: 0, max: 2 ** 20 }), blocks: fc.integer({ min: 1, max: 40 }) }), {
    maxLength: 50,
  })
  .map((runs) => {
    let address = 0;
    let end = 0;
    const addresses: number[] = [];
    const ends: number[] = [];
    for (const { gap, blocks } of runs) {
      addresses.push(address + gap * 8);
      address += (gap + blocks) * 8;
      end += blocks * 8;
      ends.push(end);
    }
    const bytes = Uint8Array.from({ length: end }, (_, i) => i * 31);
    return { addresses: Uint32Array.from(addresses), ends: Uint32Array.from(ends), bytes, heapEnd: address + 64 };
  });

const plain = ({ addresses, ends, bytes, heapEnd }: Delta) => [[...addresses], [...ends], [...bytes], heapEnd];

/** One run of one block at address 16, in a heap that ends at 32. */
const ONE_RUN = [4, 1, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8];

describe('a delta as bytes', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(deltas, (delta) => {
        expect(plain(decodeDelta(encodeDelta(delta)))).toEqual(plain(delta));
      }),
    );
  });

  it('is refused when it is cut anywhere', () => {
    fc.assert(
      fc.property(deltas, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (delta, part) => {
        const encoded = encodeDelta(delta);
        expect(() => decodeDelta(encoded.subarray(0, Math.floor(encoded.length * part)))).toThrow(RangeError);
      }),
    );
  });

  it('a delta read from any bytes is refused, or has ascending runs inside of linear memory that its content fills', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        let delta: Delta;
        try {
          delta = decodeDelta(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        let free = 0;
        let offset = 0;
        for (const [i, address] of delta.addresses.entries()) {
          const end = delta.ends[i] ?? 0;
          expect(address).toBeGreaterThanOrEqual(free);
          expect(end).toBeGreaterThan(offset);
          free = address + end - offset;
          offset = end;
        }
        expect(free).toBeLessThanOrEqual(2 ** 32);
        expect(offset).toBe(delta.bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['nothing at all', []],
    ['a heap that ends outside of linear memory', [0xff, 0xff, 0xff, 0xff, 0x0f, 0]],
    ['more runs than bytes', [4, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a number without an end', [4, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['an empty run', [4, 1, 2, 0]],
    ['a run that ends outside of linear memory', [4, 1, 0x80, 0x80, 0x80, 0x80, 0x02, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['content after its runs', [...ONE_RUN, 9]],
    ['less content than its runs', ONE_RUN.slice(0, -1)],
  ])('a delta as bytes with %s is refused', (_what, bytes) => {
    expect(plain(decodeDelta(Uint8Array.from(ONE_RUN)))).toEqual([[16], [8], [1, 2, 3, 4, 5, 6, 7, 8], 32]);
    expect(() => decodeDelta(Uint8Array.from(bytes))).toThrow(RangeError);
  });

  it('is not made of runs that are no whole blocks', () => {
    const delta = { addresses: Uint32Array.of(4), ends: Uint32Array.of(8), bytes: new Uint8Array(8), heapEnd: 16 };
    expect(() => encodeDelta(delta)).toThrow(RangeError);
  });
});
