import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { expectAsInNode, inVm } from '../../support/globals.js';

const TEXTS = [
  '',
  'plain',
  'é',
  '€',
  '😀',
  'a\0b',
  '\ud800',
  '\udc00',
  'x\ud800y',
  '\udc00\ud800',
  '\ud83d\ude00\ud83d',
  '\ufeffmark',
  '\uffff',
  'mixed é € 😀 text',
  'é'.repeat(20_000),
  'a'.repeat(50_000),
  `${'a'.repeat(16_383)}€`.repeat(3),
];
/** Everything that is wrong with UTF-8 in one way. */
const BROKEN = [
  [0x80],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xc2],
  [0xc2, 0x41],
  [0xe0, 0x80, 0x80],
  [0xe0, 0xa0],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xf0, 0x9f, 0x98, 0x41],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xff],
  [0xfe, 0xff],
  [0x41, 0xe2, 0x82, 0x42],
  [0xef, 0xbb, 0xbf, 0x41],
  [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf],
  [0xef, 0xbb],
  [0xe2, 0x82, 0xe2, 0x82, 0xac],
  [0xf4, 0x8f, 0xbf, 0xbf],
];

const randomBytes = (runs: number) =>
  fc
    .sample(
      fc.oneof(
        fc.uint8Array({ maxLength: 24 }),
        fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f), {
          maxLength: 12,
        }),
      ),
      runs,
    )
    .map((bytes) => [...bytes]);

describe('TextEncoder', () => {
  it('gives the bytes that Node gives, lone surrogates replaced', async () => {
    const texts = [...TEXTS, ...fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), 300)];
    await expectAsInNode((input: string) => [...new TextEncoder().encode(input)], texts);
  });

  it('encodes into the room there is, whole characters only', async () => {
    const cases = ['abc', 'aé€😀', '😀', '\ud800x', '€€'].flatMap((text) =>
      [0, 1, 2, 3, 4, 5, 6, 7, 10, 12].map((size) => [text, size] as const),
    );
    await expectAsInNode(([text, size]) => {
      const target = new Uint8Array(size + 2);
      const { read, written } = new TextEncoder().encodeInto(text, target.subarray(1, size + 1));
      return [read, written, [...target]];
    }, cases);
    await expectAsInNode(() => new TextEncoder().encodeInto('a', [] as never), [0]);
  });

  it('has the interface of the standard', async () => {
    await expectAsInNode(() => [new TextEncoder().encoding, String(new TextEncoder()), TextEncoder.name], [0]);
    await expectAsInNode(() => [...new TextEncoder().encode()], [0]);
    await expectAsInNode(
      (input: unknown) => [...new TextEncoder().encode(input as string)],
      [1, null, undefined, true],
    );
  });
});

describe('TextDecoder', () => {
  it('replaces what is no UTF-8 where Node does', async () => {
    const inputs = [...BROKEN, ...randomBytes(600), ...TEXTS.map((text) => [...new TextEncoder().encode(text)])];
    await expectAsInNode((input: number[]) => new TextDecoder().decode(new Uint8Array(input)), inputs);
    await expectAsInNode(
      (input: number[]) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(input)),
      inputs,
    );
  });

  it('a fatal TextDecoder throws where Node throws', async () => {
    const inputs = [...BROKEN, ...randomBytes(600)];
    await expectAsInNode(
      (input: number[]) => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(input)),
      inputs,
    );
  });

  it('repairs long input wherever a character is cut', async () => {
    const probe = ([filler, broken]: readonly [number, number[]]) => {
      const bytes = new Uint8Array(40_000).fill(0x61);
      bytes.set(broken, filler);
      const text = new TextDecoder().decode(bytes);
      return [text.length, text.slice(filler - 4, filler + 12), /^a*$/.test(text.slice(filler + 12))];
    };
    const places = [16_381, 16_382, 16_383, 16_384, 32_766];
    await expectAsInNode(
      probe,
      places.flatMap((at) =>
        [...BROKEN, [0xf0, 0x9f, 0x98, 0x80], [0x80, 0x80, 0x80, 0x80, 0x80]].map((bytes) => [at, bytes] as const),
      ),
    );
  });

  it('carries characters over the chunks of a stream, in every encoding', async () => {
    const probe = ([label, cuts, bytes]: readonly [string, number[], readonly number[]]) => {
      const decoder = new TextDecoder(label);
      const parts: string[] = [];
      let from = 0;
      for (const cut of cuts) {
        parts.push(decoder.decode(new Uint8Array(bytes.slice(from, from + cut)), { stream: true }));
        from += cut;
      }
      parts.push(decoder.decode(new Uint8Array(bytes.slice(from))));
      // The decoder starts over.
      parts.push(decoder.decode(new Uint8Array(bytes)));
      return [parts.join(''), parts.at(-1)];
    };
    const cuts = fc.array(fc.nat({ max: 4 }), { maxLength: 6 });
    const utf8 = fc
      .sample(fc.tuple(fc.constant('utf-8'), cuts, fc.string({ unit: 'binary', maxLength: 12 })), 300)
      .map(
        ([label, cut, text]) =>
          [label, cut, [0xef, 0xbb, 0xbf, ...new TextEncoder().encode(text)].slice(cut.length % 2 ? 3 : 0)] as const,
      );
    const utf16 = fc
      .sample(fc.tuple(fc.constant('utf-16le'), cuts, fc.string({ unit: 'binary', maxLength: 8 })), 300)
      .map(([label, cut, text]) => [label, cut, [...Buffer.from(`\ufeff${text}`, 'utf16le')]] as const);
    await expectAsInNode(probe, [...utf8, ...utf16]);
  });

  it('decodes UTF-16 as Node does', async () => {
    const bytes = [
      ...fc.sample(fc.uint8Array({ maxLength: 12 }), 200).map((sample) => [...sample]),
      [0x3d, 0xd8, 0, 0xde],
      [0x3d, 0xd8],
      [0x3d, 0xd8, 0],
      [0],
      [0xff, 0xfe, 0x41, 0],
    ];
    await expectAsInNode((input: number[]) => new TextDecoder('utf-16le').decode(new Uint8Array(input)), bytes);
    await expectAsInNode((input: number[]) => new TextDecoder('utf-16be').decode(new Uint8Array(input)), bytes);
    await expectAsInNode(
      (input: number[]) => new TextDecoder('utf-16le', { fatal: true }).decode(new Uint8Array(input)),
      bytes,
    );
  });

  it('decodes Windows-1252 after the table of the standard', async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte);
    const [decoded] = await inVm((input: number[]) => new TextDecoder('latin1').decode(new Uint8Array(input)), [bytes]);
    const upper = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
    const expected = bytes.map((byte) =>
      byte >= 0x80 && byte < 0xa0 ? upper[byte - 0x80] : String.fromCharCode(byte),
    );
    expect(decoded).toEqual({ value: expected.join('') });
  });

  it('knows its encodings by every label, and others are a RangeError', async () => {
    const labels = [
      'utf8',
      ' UTF-8\n',
      'unicode-1-1-utf-8',
      'utf-16',
      'UTF-16LE',
      'ucs-2',
      'utf-16be',
      'unicodefffe',
      'latin1',
      'ascii',
      'iso-8859-1',
      'windows-1252',
      'cp1252',
      'us-ascii',
      'nothing',
      '',
      'utf-7',
      'replacement',
      'utf-32',
      '\u00a0utf-8',
    ];
    await expectAsInNode((label: string) => new TextDecoder(label).encoding, labels);
  });

  it('takes any view of bytes, and nothing else', async () => {
    await expectAsInNode(() => {
      const buffer = new Uint8Array([120, 104, 105, 33]).buffer;
      const views = [
        buffer,
        new Uint8Array(buffer, 1, 2),
        new DataView(buffer, 1),
        new Uint16Array(buffer),
        new Int8Array(buffer, 3),
      ];
      return [...views.map((view) => new TextDecoder().decode(view)), new TextDecoder().decode()];
    }, [0]);
    await expectAsInNode((input: unknown) => new TextDecoder().decode(input as Uint8Array), ['text', 1, {}, null]);
    await expectAsInNode(() => {
      const { encoding, fatal, ignoreBOM } = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      return [encoding, fatal, ignoreBOM, String(new TextDecoder()), TextDecoder.name];
    }, [0]);
  });
});
