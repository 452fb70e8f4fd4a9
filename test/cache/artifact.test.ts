import { createHash } from 'node:crypto';

import { pack, unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';

import { ArtifactError, openArtifact, sealArtifact } from '#src/cache/artifact.js';

const SECRET = Buffer.from('0123456789abcdef');
const header = {
  key: 'k'.repeat(64),
  namespace: 'handler',
  engine: 'engine-1',
  filename: 'handler.js',
  source: 'return 1',
};
const bytecode = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);

function problemOf(sealed: Uint8Array, engine = 'engine-1', secret?: Uint8Array): string {
  try {
    openArtifact(sealed, engine, secret === undefined ? [] : [secret]);
  } catch (error) {
    if (error instanceof ArtifactError) return error.problem;
    throw error;
  }
  return 'none';
}

describe.each([
  ['without a secret', undefined],
  ['with a secret', SECRET],
])('an artifact %s', (_title, secret) => {
  const sealed = sealArtifact(header, bytecode, secret);

  it('opens to what was sealed', () => {
    const artifact = openArtifact(sealed, 'engine-1', secret === undefined ? [] : [secret]);
    expect(artifact.header).toMatchObject(header);
    expect(Buffer.from(artifact.content).equals(bytecode)).toBe(true);
  });

  it('is refused at every truncation', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(problemOf(sealed.subarray(0, length), 'engine-1', secret)).not.toBe('none');
    }
  });

  it('is refused with any bit flipped', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(problemOf(flipped, 'engine-1', secret)).not.toBe('none');
    }
  });

  it('is refused by another engine, naming both', () => {
    expect(problemOf(sealed, 'engine-2', secret)).toBe('engine');
    expect(() => openArtifact(sealed, 'engine-2', secret === undefined ? [] : [secret])).toThrow(/engine-1.*engine-2/);
  });
});

describe('the header of an artifact without a secret', () => {
  /** Reseals a changed artifact: without a secret anyone can do this. */
  function withHeader(change: (header: Record<string, unknown>) => unknown): Uint8Array {
    const sealed = Buffer.from(sealArtifact(header, bytecode, undefined));
    const headerEnd = 10 + sealed.readUInt32BE(6);
    const encoded = pack(change(unpack(sealed.subarray(10, headerEnd))));
    const preamble = Buffer.from(sealed.subarray(0, 10));
    preamble.writeUInt32BE(encoded.length, 6);
    const body = Buffer.concat([preamble, encoded, sealed.subarray(headerEnd, -32)]);
    return Buffer.concat([body, createHash('sha256').update(body).digest()]);
  }

  it('opens when it was only written again', () => {
    expect(problemOf(withHeader((fields) => fields))).toBe('none');
  });

  it.each<[string, (header: Record<string, unknown>) => unknown]>([
    ['one more field', (fields) => ({ ...fields, more: 1 })],
    ['a field less', ({ source: _, ...fields }) => fields],
    ['a field of another type', (fields) => ({ ...fields, source: 5 })],
    ['a key that is too long', (fields) => ({ ...fields, key: 'k'.repeat(65) })],
    ['an array in place of a map', (fields) => [fields]],
    ['60,000 keys', () => Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, i]))],
    ['nested arrays', (fields) => ({ ...fields, source: [[[]]] })],
    ['a Set', (fields) => ({ ...fields, source: new Set([1]) })],
  ])('is refused with %s', (_title, change) => {
    expect(problemOf(withHeader(change))).toBe('header');
  });
});

describe('a secret', () => {
  it('refuses what was sealed without it or with another', () => {
    expect(problemOf(sealArtifact(header, bytecode, undefined), 'engine-1', SECRET)).toBe('mac');
    expect(problemOf(sealArtifact(header, bytecode, Buffer.from('another secret!!')), 'engine-1', SECRET)).toBe('mac');
  });
});

describe('several secrets', () => {
  const OLD = Buffer.from('the old secret 1');

  it('the first seals, all of them open', () => {
    expect(() => openArtifact(sealArtifact(header, bytecode, OLD), 'engine-1', [SECRET, OLD])).not.toThrow();
    expect(() => openArtifact(sealArtifact(header, bytecode, SECRET), 'engine-1', [SECRET, OLD])).not.toThrow();
    expect(problemOf(sealArtifact(header, bytecode, OLD), 'engine-1', SECRET)).toBe('mac');
  });
});

describe('bytes that are no artifact', () => {
  it.each([
    ['empty', new Uint8Array(), 'length'],
    ['text', Buffer.from('return 1'.repeat(100)), 'magic'],
    ['another container version', Buffer.from([...Buffer.from('NXQJ'), 0, 99, ...new Uint8Array(100)]), 'version'],
  ])('%s are refused as %s', (_title, bytes, problem) => {
    expect(problemOf(bytes)).toBe(problem);
  });
});
