import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CHUNK, LineIndex } from '#src/source/line-index.js';
import { SourceLines } from '#src/source/source-lines.js';

/** As editors have it. */
const TERMINATOR = /\r\n|[\n\r]/;

/** Lines long and short, ended in every way, with pairs that stand across the border of two chunks. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', '\u2028', '\u2029', 'a', 'some text', '\u4e00', '\ud83d\ude00', ''),
      fc.integer({ min: 0, max: 3 }).map((more) => 'x'.repeat(CHUNK - 2 + more)),
      fc.integer({ min: 0, max: 3 }).map((more) => '\n'.repeat(CHUNK - 2 + more)),
      fc.integer({ min: 0, max: 3 }).map((more) => `${'y'.repeat(CHUNK - 2 + more)}\r\n`),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

function expectedClamp(lines: readonly string[], line: number, column: number) {
  const found = lines[line - 1];
  if (found === undefined) return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  return { line, column: Math.max(1, Math.min(column, found.length + 1)) };
}

describe('the lines of a text', () => {
  it('are those that it has when it is split, whatever ends them and wherever', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat({ max: 70_000 }), { maxLength: 8 }), (text, numbers) => {
        const expected = text.split(TERMINATOR);
        const lines = new SourceLines(text);
        for (const number of [...numbers, expected.length, expected.length + 1]) {
          expect(lines.read({ line: number + 1, column: 1 }, 20)).toBe((expected[number] ?? '').slice(0, 20));
          const column = number % 100;
          expect(lines.clamp({ line: number + 1, column })).toEqual(expectedClamp(expected, number + 1, column));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('have for each character the place that the engine gives it, and the editor’s', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (text, numbers) => {
        for (const number of numbers) {
          const index = number % (text.length + 1);
          // An index into the middle of a pair is a place of neither.
          const offset = /^[\udc00-\udfff]/.test(text.slice(index)) ? index - 1 : index;
          const before = text.slice(0, offset);
          const ofEngine = before.split('\n');
          const engine = { line: ofEngine.length, column: [...(ofEngine.at(-1) as string)].length + 1 };
          const lines = new SourceLines(text);
          expect(lines.engineAt(offset)).toEqual(engine);
          const isInTerminator = text.slice(offset - 1, offset + 1) === '\r\n';
          const ended = (isInTerminator ? text.slice(0, offset - 1) : before).split(TERMINATOR);
          const place = { line: ended.length, column: (ended.at(-1) as string).length + 1 };
          expect(lines.locationAt(offset)).toEqual(place);
          expect(new SourceLines(text).fromEngine(engine)).toEqual(place);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are the same by an index of an earlier look', async () => {
    const text = Array.from({ length: 40_000 }, (_, i) => `line ${i + 1}`).join('\r\n');
    const index = new LineIndex();
    await new SourceLines(text, index).prepare();
    const { chunks } = index;
    const again = new SourceLines(text, index);
    for (const line of [1, 2, 17_000, 39_999, 40_000]) {
      expect(again.read({ line, column: 1 }, 20)).toBe(`line ${line}`);
    }
    expect(again.clamp({ line: 40_001, column: 1 })).toEqual({ line: 40_000, column: 11 });
    expect(index.chunks).toBe(chunks);
  });

  it('are read no further than they are asked for', () => {
    const index = new LineIndex();
    new SourceLines('a\n'.repeat(1_000_000), index).clamp({ line: 3, column: 1 });
    expect(index.chunks).toBe(1);
  });

  it('are found by numbers that no text has, too', () => {
    const lines = new SourceLines('a\nbc');
    for (const line of [3, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(lines.clamp({ line, column: Number.MAX_SAFE_INTEGER })).toEqual({ line: 2, column: 3 });
      expect(lines.read({ line, column: 1 }, 10)).toBe('');
      expect(lines.fromEngine({ line, column: Number.MAX_SAFE_INTEGER })).toEqual({ line: 2, column: 3 });
    }
    expect(new SourceLines('').clamp({ line: 5, column: 5 })).toEqual({ line: 1, column: 1 });
  });
});

describe('a snippet', () => {
  it('has three lines before, one after, and a caret', () => {
    const text = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\n');
    expect(new SourceLines(text).snippet({ line: 9, column: 3 })).toBe(
      [' 6 | line 6', ' 7 | line 7', ' 8 | line 8', ' 9 | line 9', '   |   ^', '10 | line 10'].join('\n'),
    );
  });

  it('shows 120 characters of a line that has megabytes, around the column', () => {
    const text = `${'a'.repeat(3_000_000)}THERE${'b'.repeat(3_000_000)}`;
    const snippet = new SourceLines(text).snippet({ line: 1, column: 3_000_001 });
    const [code = '', caret = ''] = snippet.split('\n');
    expect(code.length).toBeLessThanOrEqual(124);
    expect(code.indexOf('THERE')).toBe(caret.indexOf('^'));
  });

  it.each([
    ['a tab', '\tconst s = 1; THERE', '\t             ^'],
    ['a picture, which is two wide', "const s = '😀'; THERE", '                ^'],
    ['a letter of two characters', "const s = 'e\u0301'; THERE", '               ^'],
    ['letters that are two wide', "const s = '漢字'; THERE", '                  ^'],
    ['an astral name', 'const 𝒳 = 1; THERE', '             ^'],
    ['what joins pictures, and chooses them', 'const s = "👩\u200d💻"; THERE', '                  ^'],
  ])('has the caret under its place behind %s', (_what, line, caret) => {
    const column = line.indexOf('THERE') + 1;
    expect(new SourceLines(line).snippet({ line: 1, column })).toBe(`1 | ${line}\n  | ${caret}`);
  });

  it('cuts a long line between characters', () => {
    for (const before of ['', 'x']) {
      const text = `${before}${'😀'.repeat(200)}`;
      const snippet = new SourceLines(text).snippet({ line: 1, column: 200 + before.length + 1 });
      expect(snippet.isWellFormed()).toBe(true);
      expect(snippet.split('\n')[1]).toMatch(/^ {2}\| {61,63}\^$/);
    }
  });
});
