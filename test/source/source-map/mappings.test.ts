import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mappings } from '#src/source/source-map/mappings.js';
import { bytesOf, type Decoded, encode, vlq } from './maps.js';

const SOURCES = ['a.js', 'b.js', 'c.js'];

function read(mappings: string, sources = SOURCES.length): Mappings {
  const read = new Mappings(bytesOf(mappings), sources);
  while (!read.readSome());
  return read;
}

const number = (max: number) => fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(max) });
const segment = fc.oneof(
  { weight: 1, arbitrary: number(300).map((at): Decoded => [at]) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(number(300), fc.nat(SOURCES.length - 1), number(2 ** 29), number(2 ** 29))
      .map((fields): Decoded => fields),
  },
);
const line = fc.array(segment, { maxLength: 12 }).map((segments) => segments.sort(([a], [b]) => a - b));
/** Long ones have many marks, in one line and in many. */
const lines = fc.oneof(
  fc.array(line, { maxLength: 8 }),
  fc.tuple(fc.array(line, { minLength: 1, maxLength: 3 }), fc.integer({ min: 50, max: 400 })).map(([few, times]) => {
    const many = Array.from({ length: times }, () => few).flat();
    return times % 2 === 0 ? many : [many.flat().sort(([a], [b]) => a - b)];
  }),
);

describe('mappings', () => {
  it('tell the places that another reader of source maps tells', () => {
    const queries = fc.array(fc.tuple(fc.nat(), fc.nat(320)), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(lines, queries, (decoded, asked) => {
        const mappings = encode(decoded);
        const ours = read(mappings);
        const theirs = new TraceMap({ version: 3, sources: SOURCES, names: [], mappings });
        for (const [number, column] of asked) {
          const at = number % (decoded.length + 2);
          const found = ours.find(at, column);
          const expected = originalPositionFor(theirs, { line: at + 1, column });
          const place = found && [SOURCES[found.source], found.originalLine + 1, found.originalColumn];
          expect(place ?? [null, null, null]).toEqual([expected.source, expected.line, expected.column]);
        }
      }),
      { numRuns: 80 },
    );
  });

  it('are listed in the order of the text', () => {
    const decoded: Decoded[][] = [[[0, 0, 1, 2], [4], [9, 1, 0, 0]], [], [[2, 2, 7, 7]]];
    const listed = [...read(encode(decoded))].map((one) => [one.line, one.column, one.source, one.originalLine]);
    expect(listed).toEqual([
      [0, 0, 0, 1],
      [0, 9, 1, 0],
      [2, 2, 2, 7],
    ]);
  });

  it.each([
    ['a digit that is none', 'AA!A'],
    ['a number without an end', 'AAAg'],
    ['a number of more than 31 bits', `AAA${'g'.repeat(6)}E`],
    ['a number of more digits than any has', `AAA${'g'.repeat(5000)}A`],
    ['two fields', 'AA'],
    ['three fields', 'AAA'],
    ['six fields', 'AAAAAA'],
    ['a file that is not there', `A${vlq(3)}AA`],
    ['a file before the first', `A${vlq(-1)}AA`],
    ['a line before the first', `AA${vlq(-1)}A`],
    ['a column before the first', `AAA${vlq(-1)}`],
    ['a column before that of the last segment', `${vlq(5)}AAA,${vlq(-1)}AAA`],
    ['places that grow without end', `AA${vlq(2 ** 29)}A,`.repeat(3)],
    ['text of another alphabet', '\u{1f600}'],
    ['white space', 'AAAA, AAAA'],
  ])('are broken by %s', (_what, mappings) => {
    for (const text of [mappings, `AAAA;;${mappings}`, `${'AAAA,'.repeat(20_000)}${mappings}`]) {
      const broken = read(text);
      expect(broken.isBroken).toBe(true);
      expect(() => broken.find(0, 5)).not.toThrow();
    }
  });

  it('may be nothing, and may begin and end with nothing', () => {
    for (const text of ['', ';', ',', ';;,;', 'A', ',,AAAA,,;']) expect(read(text).isBroken).toBe(false);
    expect(read('').find(0, 0)).toBeUndefined();
    expect(read(';;').find(1, 5)).toBeUndefined();
    expect(read('AAAA').find(3, 0)).toBeUndefined();
  });
});
