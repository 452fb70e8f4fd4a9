import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { openArtifact } from '#src/cache/artifact.js';
import { decodeHeader, envelopeOf, lifecycleOf } from '#src/suspension/file-store/record.js';
import { openEnvelope } from '#src/suspension/sealed/envelope.js';
import { decodeRecording } from '#src/testing/recording/recording-codec.js';
import {
  ARTIFACT_HEADER,
  BYTECODE,
  ENVELOPE_HEADER,
  ID,
  keysWith,
  PAYLOAD,
  RECORD,
  RECORDING,
  SECRET,
  STORE_KEY,
  sealAll,
} from './sealed-containers.mjs';

/** As earlier versions sealed them. Not to be made again, unless a version is raised: stored ones are like these. */
const { artifactInSlicesSha256, artifactOfVersion1, recordOfVersion1, ...golden } = JSON.parse(
  readFileSync(new URL('sealed-containers.json', import.meta.url), 'utf8'),
) as Record<string, string>;

function goldenBytes(name: string): Buffer {
  return Buffer.from(golden[name] as string, 'base64');
}

describe('a container that an earlier version sealed', () => {
  it('is made of the same bytes today', async () => {
    const { artifactInSlices, ...sealed } = await sealAll();
    for (const [name, bytes] of Object.entries(sealed)) {
      expect({ name, base64: Buffer.from(bytes as Uint8Array).toString('base64') }).toEqual({
        name,
        base64: golden[name],
      });
    }
    expect(createHash('sha256').update(artifactInSlices).digest('hex')).toBe(artifactInSlicesSha256);
  });

  it.each([
    ['artifact', [SECRET]],
    ['unsealedArtifact', []],
  ])('opens as an artifact: %s', (name, secrets) => {
    const { header, content } = openArtifact(goldenBytes(name), 'engine-1', secrets);
    expect(header).toMatchObject(ARTIFACT_HEADER);
    expect(Buffer.compare(content, BYTECODE)).toBe(0);
  });

  it('is refused with the reason, if it is an artifact of version 1', () => {
    const bytes = Buffer.from(artifactOfVersion1 as string, 'base64');
    expect(() => openArtifact(bytes, 'engine-1', [SECRET])).toThrow('has container version 1, expected 2');
  });

  it.each([
    ['encryptedEnvelope', [SECRET]],
    ['authenticatedEnvelope', []],
  ])('opens as an envelope: %s', async (name, secrets) => {
    const { header, payload } = await openEnvelope(ID, goldenBytes(name), await keysWith(secrets));
    expect(header).toEqual(ENVELOPE_HEADER);
    expect(Buffer.compare(payload, PAYLOAD)).toBe(0);
  });

  it('opens as a record, with its outcome and its envelope', async () => {
    const bytes = goldenBytes('record');
    const header = decodeHeader(bytes, bytes.length, STORE_KEY);
    if (header.transition === undefined) throw new Error('The record has no transition.');
    expect(await lifecycleOf(header.transition, bytes)).toEqual(RECORD.transition.standing);
    expect(header.beginning?.facts).toEqual(RECORD.beginning.facts);
    expect(Buffer.compare(await envelopeOf(header, bytes), PAYLOAD)).toBe(0);
  });

  it('is refused with the reason, if it is a record of version 1', () => {
    const bytes = Buffer.from(recordOfVersion1 as string, 'base64');
    expect(() => decodeHeader(bytes, bytes.length, STORE_KEY)).toThrow('has version 1, this library reads 2');
  });

  it('opens as a recording', async () => {
    expect(await decodeRecording(goldenBytes('recording'), 'golden.nxrec')).toEqual(RECORDING);
  });
});

describe('a length in a container that was sealed by somebody else', () => {
  /** Where the header's length stands in artifacts and recordings. */
  const LENGTH_AT = 6;
  const DIGEST_BYTES = 32;

  function resealed(name: string, headerBytes: number): Buffer {
    const content = Buffer.from(goldenBytes(name).subarray(0, -DIGEST_BYTES));
    content.writeUInt32BE(headerBytes, LENGTH_AT);
    return Buffer.concat([content, createHash('sha256').update(content).digest()]);
  }

  it.each([0xffff_ffff, 0x7fff_ffff, 1_000_000])('is not believed when it says %i', async (headerBytes) => {
    expect(() => openArtifact(resealed('unsealedArtifact', headerBytes), 'engine-1', [])).toThrow(
      'has a header that ends outside of it',
    );
    await expect(decodeRecording(resealed('recording', headerBytes), 'edited.nxrec')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { problem: 'content' },
    });
  });
});
