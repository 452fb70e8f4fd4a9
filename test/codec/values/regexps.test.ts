import { describe, expect, it } from 'vitest';

import { MalformedValueError } from '#src/codec/values/decoding/byte-reader.js';
import { decodeFields, ValueDecoder } from '#src/codec/values/decoding/decode.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { NotTransferableError } from '#src/codec/values/encoding/not-transferable.js';
import { MAX_REGEXP_CHARACTERS } from '#src/codec/values/regexps.js';

const encoder = new ValueEncoder();
const documentOf = (value: unknown) => Buffer.from(encoder.encodeFields([value], ['value'], 2 ** 26));
const decode = (document: Uint8Array) => decodeFields(document, { end: -1, now: () => 0 })[0];

/** A document with the form of a RegExp of these items, whatever they are: an error has as many texts, and its kind is put right. */
function forged(...items: readonly unknown[]): Buffer {
  const bytes = documentOf({ it: items.length === 0 ? [] : [0, 0, ...items] });
  // Its array begins with 0 and 0 where the form has the reference to the marker and the kind.
  const at = bytes.indexOf(Buffer.from([9, items.length + 2, 5, 0, 5, 0]));
  expect(at).toBeGreaterThan(0);
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from([9, items.length + 2, 19, 1, 5, 3 * 2]),
    bytes.subarray(at + 6),
  ]);
}

function refusal(document: Uint8Array): MalformedValueError {
  try {
    decode(document);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedValueError);
    return error as MalformedValueError;
  }
  throw new Error('it was decoded');
}

describe('a RegExp that a guest forged', () => {
  it('is one when it is right', () => {
    expect(decode(forged('a(b)', 'gi'))).toEqual({ it: /a(b)/gi });
  });

  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['a source alone', ['a']],
    ['more than source and flags', ['a', 'g', 'x']],
    ['a source that is no text', [1, 'g']],
    ['flags that are no text', ['a', { toString: 'g' }]],
    ['an unknown flag', ['a', 'gx']],
    ['more flags than there are', ['a', 'dgimsuvyg']],
  ])('of %s is refused', (_title, items) => {
    const document =
      items.length === 0 ? Buffer.from('05000903080009021301050600'.slice(0, 26), 'hex') : forged(...items);
    expect(refusal(document).message).toContain('RegExp without source or flags');
  });

  it.each([
    ['a group that is never closed', '(', ''],
    ['a flag twice', 'a', 'gg'],
    ['two modes that exclude each other', 'a', 'uv'],
    ['a property that does not exist', '\\p{Nope}', 'u'],
  ])('with %s is refused with its path and what to do', (_title, source, flags) => {
    const error = refusal(forged(source, flags));
    expect(error.path).toEqual([1, 'it']);
    expect(error.message).toContain('this version of Node refuses');
    expect(error.message).toContain('pass its source as text');
    expect(error.message.length).toBeLessThan(200);
  });

  it.each([
    ['more characters', 'a'.repeat(MAX_REGEXP_CHARACTERS + 1), '', /of 5001 characters, more than 5000/],
    ['more classes of Unicode', '\\p{L}'.repeat(101), 'u', /101 classes .*, more than 100/],
    ['more negated classes', '\\P{L}'.repeat(101), 'iu', /101 classes .*, more than 100/],
    ['more sets of texts', '\\p{RGI_Emoji}'.repeat(5), 'v', /5 classes .* and the flag v, more than 4/],
  ])('with %s than are constructed in one step is refused before that', (_title, source, flags, message) => {
    const error = refusal(forged(source, flags));
    expect(error.message).toMatch(message);
    expect(error.path).toEqual([1, 'it']);
  });

  it('has a look at the clock behind each that takes long', () => {
    const many = Array.from({ length: 10 }, (_, i) => new RegExp(`${i}${'\\p{L}'.repeat(100)}`, 'iu'));
    let time = 0;
    const decoder = new ValueDecoder(documentOf(many), true, { end: -1, now: () => time++ });
    let slices = 1;
    while (!decoder.run(0)) slices++;
    expect(slices).toBeGreaterThanOrEqual(many.length);
    expect(decoder.fields[0]).toEqual(many);
  });

  it('counts towards the time that a document may take', () => {
    let time = 0;
    const decoder = new ValueDecoder(
      documentOf(Array.from({ length: 100 }, (_, i) => new RegExp('\\p{L}'.repeat(50) + i, 'u'))),
      true,
      {
        end: -1,
        now: () => {
          time += 100;
          return time;
        },
      },
    );
    expect(() => {
      while (!decoder.run(0));
    }).toThrow(/takes far longer to read than its size warrants/);
  });
});

describe('a RegExp of the host', () => {
  it('that is larger than what could come back is refused with its path', () => {
    const given = { it: [new RegExp('a'.repeat(MAX_REGEXP_CHARACTERS + 1))] };
    expect(() => documentOf(given)).toThrow(NotTransferableError);
    expect(() => documentOf(given)).toThrow(/^value\.it\[0\] is a RegExp of 5001 characters, more than 5000/);
  });

  it('of the largest size comes back', () => {
    const largest = new RegExp('a'.repeat(MAX_REGEXP_CHARACTERS));
    expect(decode(documentOf(largest))).toEqual(largest);
  });
});
