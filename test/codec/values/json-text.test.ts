import { describe, expect, it } from 'vitest';
import { decodeFields, decodeOwnFields } from '#src/codec/values/decoding/decode.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { JsonTextError, parseJsonText } from '#src/codec/values/json-text.js';
import { json } from '#src/index.js';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text)).buffer;

/** What is missing or wrong is at this character. */
const WRONG: readonly (readonly [text: string, at: number])[] = [
  ['[1 2]', 3],
  ['{"a" 1}', 5],
  ['{"a":1 "b":2}', 7],
  ['[tru]', 1],
  ['{"a":1,}', 7],
  ['[1,2', 4],
  ['-', 0],
  ['[1.]', 2],
  ['"\\u12"', 1],
  ['{"a":"\u0001"}', 6],
  ['[[[]]', 5],
  ['{"a":[1,{"b":x}]}', 13],
  ['\ufeff1', 0],
];

describe('JSON text', () => {
  it.each(WRONG)('that is wrong is found to be so at the place: %j', (text, at) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    let found: unknown;
    try {
      parseJsonText(bytesOf(text));
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(JsonTextError);
    expect(found).toMatchObject({ line: 1, column: at + 1 });
  });

  it('that begins with a byte order mark is said to, since the mark cannot be seen', () => {
    expect(() => parseJsonText(bytesOf('\ufeff{}'))).toThrow(
      'at line 1, column 1 there is a byte order mark (U+FEFF), which JSON has not',
    );
  });

  it('has an error at a place where JSON.parse has one, wherever a character is taken out or put in', () => {
    const text = JSON.stringify([{ a: [1, -2.5e3, true, null], 'b"\\': '\u0001x' }, {}, [], 'é']);
    for (let i = 0; i <= text.length; i++) {
      for (const changed of [
        text.slice(0, i) + text.slice(i + 1),
        `${text.slice(0, i)},${text.slice(i)}`,
        text.slice(0, i),
      ]) {
        let isValid = true;
        try {
          JSON.parse(changed);
        } catch {
          isValid = false;
        }
        if (isValid) expect(parseJsonText(bytesOf(changed))).toEqual(JSON.parse(changed));
        else expect(() => parseJsonText(bytesOf(changed))).toThrow(JsonTextError);
      }
    }
  });

  it('is parsed only in documents of the host', () => {
    const document = new ValueEncoder().encodeFields([json('[1]')], ['x'], 1e6, false, () => undefined);
    expect(decodeOwnFields(document)[0]).toEqual([1]);
    expect(() => decodeFields(document, { end: -1 })).toThrow('of no known form');
    expect(() => new ValueEncoder().encodeFields([json('[1]')], ['x'], 1e6)).toThrow('json(…)');
    expect(() => new ValueEncoder().encode(json('[1]'), 'x')).toThrow('json(…)');
  });
});
