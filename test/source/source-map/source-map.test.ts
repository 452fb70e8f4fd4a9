import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findInlineMap, jsonOfInlineMap, withInlineMap } from '#src/source/source-map/inline-map.js';
import { OriginalPlaces } from '#src/source/source-map/original-places.js';
import { MAX_BYTES_AT_ONCE, SourceMap } from '#src/source/source-map/source-map.js';
import { openStoredMap, storeSourceMap } from '#src/source/source-map/stored-map.js';
import { bytesOf, inlineComment, mapOf } from './maps.js';

const HERE = { line: 1, column: 1 };
const fileIn = (fields: object) => SourceMap.openAtOnce(mapOf(fields))?.find(HERE)?.file;

describe('a source map', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'mappings'],
    ['no object', '[3]'],
    ['a text', '"version"'],
    ['null', 'null'],
    ['no field', '{}'],
    ['no version', '{"sources":["a"],"mappings":"AAAA"}'],
    ['another version', '{"version":4,"sources":["a"],"mappings":"AAAA"}'],
    ['a version that is a text', '{"version":"3","sources":["a"],"mappings":"AAAA"}'],
    ['no mappings', '{"version":3,"sources":["a"]}'],
    ['mappings that are no text', '{"version":3,"sources":["a"],"mappings":["AAAA"]}'],
    ['mappings that are null', '{"version":3,"sources":["a"],"mappings":null}'],
    ['mappings with an escape', '{"version":3,"sources":["a"],"mappings":"A\\u0041AA"}'],
    ['mappings that are broken', '{"version":3,"sources":["a"],"mappings":"AA"}'],
    ['sections', '{"version":3,"sources":["a"],"mappings":"AAAA","sections":[]}'],
    ['an end that is missing', '{"version":3,"sources":["a"],"mappings":"AAAA"'],
    ['a text without an end', '{"version":3,"sources":["a"],"mappings":"AAAA'],
    ['too many ends', '{"version":3,"sources":["a"],"mappings":"AAAA"}}'],
    ['another map behind it', '{"version":3,"sources":["a"],"mappings":"AAAA"}{"version":3}'],
    ['depth', '['.repeat(100_000)],
    ['more files than there are', `{"version":3,"sources":[${'"a",'.repeat(30_000)}"a"],"mappings":"AAAA"}`],
  ])('is none if it is %s', async (_what, json) => {
    expect(await SourceMap.open(bytesOf(json))).toBeUndefined();
    expect(SourceMap.openAtOnce(bytesOf(json))).toBeUndefined();
    expect(OriginalPlaces.in(`return 1\n${inlineComment(json)}`)?.of(HERE)).toBeUndefined();
  });

  it.each([
    ['files that are no list', { sources: 'a.js' }],
    ['a file that is no text', { sources: [{ a: 1 }] }],
    ['a file without a name', { sources: [''] }],
    ['a file that is null', { sources: [null] }],
    ['a name of control characters', { sources: ['\u0000\u001b\u202e\n'] }],
    ['a name that is too long', { sources: ['a'.repeat(10_000)] }],
  ])('knows nothing of %s', (_what, fields) => {
    expect(fileIn(fields)).toBeUndefined();
  });

  it.each([
    ['a path', { sources: ['src/a b.ts'] }, 'src/a b.ts'],
    ['a path under a root', { sourceRoot: '/app/', sources: ['a.ts'] }, '/app/a.ts'],
    ['a root, and an absolute path', { sourceRoot: '/app', sources: ['/b/a.ts'] }, '/b/a.ts'],
    ['a root, and a URL', { sourceRoot: '/app', sources: ['webpack://x/./a.ts'] }, 'webpack://x/./a.ts'],
    ['control characters', { sources: ['a\n    at b (c.js:1:1)\u001b[31m\u202e\u2028'] }, 'a    at b (c.js:1:1)[31m'],
    ['half a pair', { sources: ['a\ud83d.ts'] }, 'a\ufffd.ts'],
    ['a long path', { sources: [`${'d/'.repeat(500)}a.ts`] }, `…${'d/'.repeat(500)}a.ts`.slice(-299)],
    ['names that objects have', { sources: ['__proto__'] }, '__proto__'],
  ])('names the file by %s', (_what, fields, name) => {
    const file = fileIn(fields);
    expect(file?.replace('…', '')).toBe(name.replace('…', ''));
    expect(file?.length).toBeLessThanOrEqual(300);
  });

  it('is read as JSON is, with any fields around, white space and escapes', () => {
    const extras = fc.dictionary(
      fc.string({ maxLength: 6 }).filter((name) => !(name in mapFields)),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(extras, fc.array(fc.string({ unit: 'binary' })), fc.nat(3), (others, texts, indent) => {
        const sources = texts.map((_, i) => `${i}.js`);
        const mappings = 'AAAA,AACA';
        const map = {
          ...others,
          version: 3,
          sources: ['x.js', ...sources],
          x: others,
          sourcesContent: [null, ...texts],
          mappings,
        };
        const opened = SourceMap.openAtOnce(bytesOf(JSON.stringify(map, null, indent)));
        expect(opened?.find(HERE)?.file).toBe('x.js');
        expect(opened?.contentOf(0)).toBeUndefined();
        texts.forEach((text, i) => {
          expect(opened?.contentOf(i + 1)).toBe(text.toWellFormed());
        });
      }),
      { numRuns: 80 },
    );
  });

  it('that is damaged anywhere is read as one, or as none, and never fails', () => {
    const whole = mapOf({ sources: ['a.js', 'b.js'], sourcesContent: ['a\nb', null], mappings: 'AAAA,CAAC;ACAA,IAAI' });
    const byte = fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.constantFrom(...bytesOf('"\\[]{},:;A')), fc.nat(255)));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 6 }), fc.nat(whole.length), (changes, length) => {
        const damaged = whole.slice(0, length % 3 === 0 ? length : whole.length);
        for (const [at, value] of changes) damaged[at % damaged.length] = value;
        const map = SourceMap.openAtOnce(damaged);
        const places = map && new OriginalPlaces(map, 'a\nb');
        for (const place of [HERE, { line: 2, column: 9 }, { line: 99, column: 1 }]) {
          const original = places?.of(place);
          if (original === undefined) continue;
          expect(original.location.line).toBeGreaterThan(0);
          original.lines?.snippet(original.location);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is not read at once if it is large', () => {
    const large = mapOf({ x: 'x'.repeat(MAX_BYTES_AT_ONCE) });
    expect(SourceMap.openAtOnce(large)).toBeUndefined();
    expect(SourceMap.open(large)).toBeDefined();
  });
});

describe('the places of a source map', () => {
  const placesOf = (fields: object, compiled: string) =>
    new OriginalPlaces(SourceMap.openAtOnce(mapOf(fields)) as SourceMap, compiled);

  it('go on behind the beginning of a segment as far as both texts are the same', () => {
    const places = placesOf({ sourcesContent: ['const a = f(1);'] }, 'const a = f(2);');
    expect(places.of({ line: 1, column: 12 })?.location).toEqual({ file: 'a.js', line: 1, column: 12 });
    expect(places.of({ line: 1, column: 14 })?.location).toEqual({ file: 'a.js', line: 1, column: 1 });
  });

  it('are behind the author’s name where the bundle has another', () => {
    const places = placesOf({ sourcesContent: ['order.länge'], mappings: 'AAAA,EAAM' }, 'e.l+1');
    expect(places.of({ line: 1, column: 2 })?.location).toEqual({ file: 'a.js', line: 1, column: 6 });
    expect(places.of({ line: 1, column: 4 })?.location).toEqual({ file: 'a.js', line: 1, column: 12 });
    expect(places.of({ line: 1, column: 5 })?.location).toEqual({ file: 'a.js', line: 1, column: 7 });
    const typed = placesOf({ sourcesContent: ['order!.x'] }, 'e.x');
    expect(typed.of({ line: 1, column: 2 })?.location).toEqual({ file: 'a.js', line: 1, column: 7 });
  });

  it('are not known in a line that the file does not have', () => {
    expect(placesOf({ mappings: 'AAgCA', sourcesContent: ['one line'] }, 'x').of(HERE)).toBeUndefined();
    expect(placesOf({ mappings: 'AAgCA' }, 'x').of(HERE)?.location).toEqual({ file: 'a.js', line: 33, column: 1 });
  });

  it('have no text beyond what may be read for one error', () => {
    const sources = Array.from({ length: 10 }, (_, i) => `${i}.js`);
    const sourcesContent = sources.map(() => 'x'.repeat(600_000));
    const mappings = sources.map((_, i) => (i === 0 ? 'AAAA' : 'ACAA')).join(';');
    const map = SourceMap.openAtOnce(
      mapOf({ sources, sourcesContent, mappings }),
      Number.POSITIVE_INFINITY,
    ) as SourceMap;
    const read = () => {
      const places = new OriginalPlaces(map, undefined);
      return sources.filter((_, i) => places.of({ line: i + 1, column: 1 })?.lines !== undefined).length;
    };
    expect(read()).toBe(3);
    expect(read()).toBe(3);
  });
});

describe('a source map at the end of a source', () => {
  const json = mapOf();

  it.each([
    ['as esbuild writes it', inlineComment(json)],
    ['with an encoding', inlineComment(json).replace('json;', 'json;charset=utf-8;')],
    ['of old tools', inlineComment(json).replace('//#', '//@')],
    ['with white space behind it', `${inlineComment(json)} \r\n\n`],
    ['without padding', inlineComment(json).replace(/=+$/, '')],
  ])('is found %s', (_how, comment) => {
    const found = findInlineMap(`return 1;\n${comment}`);
    expect(found?.text).toBe('return 1;\n');
    expect(found && Buffer.compare(jsonOfInlineMap(found), json)).toBe(0);
  });

  it.each([
    ['a file', '//# sourceMappingURL=handler.js.map'],
    ['an address', '//# sourceMappingURL=https://example.com/handler.js.map'],
    ['a file of the system', '//# sourceMappingURL=file:///etc/passwd'],
    ['another type', '//# sourceMappingURL=data:text/plain;base64,AAAA'],
    ['text that is not Base64', '//# sourceMappingURL=data:application/json,{}'],
    ['code behind it', `${inlineComment(json)}\nreturn 2`],
    ['no comment', `"# sourceMappingURL=data:application/json;base64,AAAA"`],
    ['nothing', ''],
  ])('is not %s', (_what, end) => {
    expect(findInlineMap(`return 1;\n${end}`)).toBeUndefined();
  });

  it('can be put back', () => {
    const found = findInlineMap(withInlineMap('return 1 // x', json));
    expect(found?.text.trimEnd()).toBe('return 1 // x');
    expect(found && Buffer.compare(jsonOfInlineMap(found), json)).toBe(0);
  });
});

describe('a source map that is kept', () => {
  it('opens if nothing of it was changed, and only then', async () => {
    const stored = await storeSourceMap(mapOf());
    if (stored === undefined) throw new Error('It is not kept.');
    expect((await openStoredMap(stored))?.find(HERE)?.file).toBe('a.js');
    const deflated = Uint8Array.from(stored.deflated);
    deflated[3] = (deflated[3] as number) ^ 1;
    expect(await openStoredMap({ ...stored, deflated })).toBeUndefined();
    expect(await openStoredMap({ ...stored, digest: '0'.repeat(64) })).toBeUndefined();
  });

  it('does not open if it inflates to more than any map has', async () => {
    expect(await storeSourceMap(new Uint8Array(33 * 1024 ** 2))).toBeUndefined();
  });
});

const mapFields: Readonly<Record<string, true>> = {
  version: true,
  sources: true,
  sourcesContent: true,
  mappings: true,
  sections: true,
  sourceRoot: true,
  x: true,
};
