import { describe, expect, it } from 'vitest';

import { ArtifactError, openArtifact, sealArtifact } from '#src/cache/artifact.js';
import { locateSource } from '#src/cache/header-source.js';
import { openInSlices, sealInSlices } from '#src/cache/sliced-artifact.js';
import { packMessage } from '#src/codec/message-pack.js';

const MIB = 1024 * 1024;
const SECRET = Buffer.from('0123456789abcdef');
const OPTIONS = { engine: 'engine-1', secrets: [SECRET], maxSourceBytes: 16 * MIB };

function headerOf(source: string) {
  return { key: 'k'.repeat(64), namespace: 'handler', filename: 'handler.js', source, engine: 'engine-1' };
}

const content = (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => (i * 7) & 0xff);

async function problemOf(sealed: Uint8Array, options = OPTIONS): Promise<string> {
  try {
    await openInSlices(sealed, options);
  } catch (error) {
    if (error instanceof ArtifactError) return error.problem;
    throw error;
  }
  return 'none';
}

describe.each([
  ['small', 'return 1', 300],
  ['with a long source', 'return "é€😀"\n'.repeat(100_000), 300],
  ['with long content', 'return 1', 2 * MIB + 5],
  ['with both', 'x\r\n'.repeat(700_000), 3 * MIB],
])('an artifact %s', (_name, source, bytes) => {
  it('has the same bytes, sealed in slices or as a whole', async () => {
    const header = headerOf(source);
    for (const secret of [SECRET, undefined]) {
      const sliced = await sealInSlices(header, content(bytes), secret);
      expect(Buffer.compare(sliced, sealArtifact(header, content(bytes), secret))).toBe(0);
    }
  });

  it('opens to what was sealed, by any of the secrets', async () => {
    const sealed = sealArtifact(headerOf(source), content(bytes), SECRET);
    const secrets = [Buffer.from('another secret of ours'), SECRET];
    const opened = await openInSlices(sealed, { ...OPTIONS, secrets });
    const whole = openArtifact(sealed, 'engine-1', [SECRET]);
    expect(opened.header).toEqual(whole.header);
    expect(opened.digest).toBe(whole.digest);
    expect(Buffer.compare(opened.content, whole.content)).toBe(0);
  });

  it('has a source map beside it, whose bytes the seal does not cover, and its length and digest', async () => {
    const sourceMap = { deflated: content(MIB + 7), digest: 'd'.repeat(64) };
    const sealed = await sealInSlices(headerOf(source), content(bytes), SECRET, sourceMap);
    expect(Buffer.compare(sealed, sealArtifact(headerOf(source), content(bytes), SECRET, sourceMap))).toBe(0);
    const mapAt = sealed.length - 36 - sourceMap.deflated.length;
    for (const [at, problem] of [
      [mapAt, 'none'],
      [sealed.length - 37, 'none'],
      [mapAt - 1, 'mac'],
      // The lowest and the highest byte of the length.
      [sealed.length - 33, 'mac'],
      [sealed.length - 36, 'mac'],
    ] as const) {
      const damaged = Buffer.from(sealed);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect([at, await problemOf(damaged)]).toEqual([at, problem]);
    }
    const opened = await openInSlices(sealed, OPTIONS);
    expect(opened.sourceMap?.digest).toBe(sourceMap.digest);
    expect(Buffer.compare(opened.sourceMap?.deflated ?? sealed, sourceMap.deflated)).toBe(0);
    expect(Buffer.compare(opened.content, content(bytes))).toBe(0);
  });

  it('is refused when a byte of it is another, cut, or lengthened', async () => {
    const sealed = Buffer.from(sealArtifact(headerOf(source), content(bytes), SECRET));
    for (const at of [0, 5, 7, 20, sealed.length >> 1, sealed.length - 40, sealed.length - 1]) {
      const damaged = Buffer.from(sealed);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(await problemOf(damaged)).not.toBe('none');
    }
    expect(await problemOf(sealed.subarray(0, -1))).toBe('mac');
    expect(await problemOf(Buffer.concat([sealed, Buffer.alloc(1)]))).toBe('mac');
    expect(await problemOf(sealed, { ...OPTIONS, engine: 'engine-2' })).toBe('engine');
    expect(await problemOf(sealed, { ...OPTIONS, secrets: [] })).toBe('mac');
  });
});

describe('a source in an artifact', () => {
  it('may have as many bytes as a source that is compiled here', async () => {
    for (const source of ['x'.repeat(1_000), '€'.repeat(MIB)]) {
      const sealed = sealArtifact(headerOf(source), content(10), SECRET);
      const bytes = Buffer.byteLength(source);
      expect(await problemOf(sealed, { ...OPTIONS, maxSourceBytes: bytes })).toBe('none');
      expect(await problemOf(sealed, { ...OPTIONS, maxSourceBytes: bytes - 1 })).toBe('header');
    }
  });

  it('a source in an artifact of more than 4 MiB is checked and left out', async () => {
    const sealed = Buffer.from(sealArtifact(headerOf('\n'.repeat(5 * MIB)), content(10), SECRET));
    expect((await openInSlices(sealed, OPTIONS)).header).toMatchObject({ source: '', filename: 'handler.js' });
    sealed[3 * MIB] = 1;
    expect(await problemOf(sealed)).toBe('mac');
  });
});

describe('bytes that change while they are checked', () => {
  it('are not what is executed', async () => {
    const original = content(4 * MIB);
    const sealed = sealArtifact(headerOf('return 1'), original, SECRET);
    const opening = openInSlices(sealed, OPTIONS);
    // The first slices are checked; the others are still to come.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    sealed.fill(0, 100, MIB);
    const { content: opened } = await opening;
    sealed.fill(0);
    expect(Buffer.compare(opened, original)).toBe(0);
  });
});

describe('the place of the source in a header', () => {
  it('is found among fields in any order, of any length', () => {
    for (const length of [0, 5, 31, 32, 255, 256, 65_535, 65_536]) {
      const source = 's'.repeat(length);
      const encoded = Buffer.from(packMessage({ contentBytes: 70_000, source, filename: 'f'.repeat(300), key: 'k' }));
      const place = locateSource(encoded);
      expect(place && encoded.toString('utf8', place.textStart, place.end)).toBe(source);
    }
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from(packMessage('source'))],
    ['a list', Buffer.from(packMessage(['source', 'x']))],
    ['a map without one', Buffer.from(packMessage({ a: 1, b: 'source' }))],
    ['a map that is cut', Buffer.from(packMessage({ source: 'x'.repeat(100) })).subarray(0, 50)],
    ['a map of maps', Buffer.from(packMessage({ a: { source: 'x' }, source: 'y' }))],
    ['a length beyond the end', Buffer.from([0x81, 0xa6, ...Buffer.from('source'), 0xdb, 0xff, 0xff, 0xff, 0xff, 1])],
  ])('is not found in %s', (_name, encoded) => {
    expect(locateSource(encoded)).toBeUndefined();
  });
});
