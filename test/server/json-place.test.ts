import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findJsonFault } from '#src/support/json-place.js';

/** JSON as people write it: with spaces, ends of lines, and escapes. */
const json = fc
  .tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent));

describe('findJsonFault', () => {
  it('finds a character that can be nowhere, wherever it is', () => {
    fc.assert(
      fc.property(json, fc.nat(), (text, number) => {
        const at = number % (text.length + 1);
        const lines = text.slice(0, at).split('\n');
        expect(findJsonFault(`${text.slice(0, at)}\u0001${text.slice(at)}`)).toEqual({
          at,
          line: lines.length,
          column: (lines.at(-1) as string).length + 1,
        });
      }),
    );
  });

  it('finds the end of a text that ends too early', () => {
    fc.assert(
      fc.property(json, fc.nat(), (text, number) => {
        const cut = text.slice(0, number % (text.length + 1));
        expect(findJsonFault(cut).at).toBe(cut.length);
      }),
    );
  });

  it.each([
    ['{"a": b}', 6],
    ['{a: 1}', 1],
    ["{'a': 1}", 1],
    ['{"a": 1,}', 8],
    ['[1, 2,]', 6],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['[01]', 2],
    ['[1.]', 3],
    ['[-]', 2],
    ['[1e+]', 4],
    ['[.5]', 1],
    ['[+1]', 1],
    ['truth', 3],
    ['nul', 3],
    ['1 2', 2],
    ['{"a": 1]', 7],
    ['"a\nb"', 2],
    ['"\\x"', 2],
    ['"\\u12g4"', 5],
    ['NaN', 0],
    ['', 0],
    ['// no\n1', 0],
  ])('%j at %i', (text, at) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(findJsonFault(text).at).toBe(at);
  });
});
