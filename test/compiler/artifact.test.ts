import { describe, expect, it } from 'vitest';

import { ArtifactError, openArtifact, sealArtifact } from '#build/compiler/artifact.js';

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
