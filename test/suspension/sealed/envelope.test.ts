import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import type { NexusError } from '#src/errors/nexus-error.js';
import { openEnvelope, sealEnvelope } from '#src/suspension/sealed/envelope.js';
import { type EnvelopeKeys, envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA.1';
const HEADER = { engine: 'e1', capabilities: ['state:read:a', 'ext:mail.send'], limits: { timeoutMs: 5_000 } };
const PAYLOAD = Buffer.from('the memory of a tenant '.repeat(4));
const [FIRST, SECOND] = [Buffer.from('the first secret of tests'), Buffer.from('the second secret of tests')];

const withSecrets = (...secrets: Uint8Array[]) =>
  envelopeKeys(secrets, () => Promise.reject(new Error('not asked for')));
const withStoreKey = (key: Uint8Array = Buffer.alloc(32, 7)) => envelopeKeys([], async () => key);

/** Both seals. */
const SEALS: readonly (readonly [string, () => Promise<EnvelopeKeys>])[] = [
  ['encrypted with a secret', () => withSecrets(FIRST)],
  ['authenticated with the store’s key', () => withStoreKey()],
];

function refusal(envelope: Uint8Array, keys: EnvelopeKeys, id = ID): Promise<NexusError> {
  return openEnvelope(id, envelope, keys).then(
    () => {
      throw new Error('opened');
    },
    (error) => error,
  );
}

describe.each(SEALS)('an envelope %s', (_title, makeKeys) => {
  it('opens to what was sealed, of any size', async () => {
    const keys = await makeKeys();
    for (const payload of [PAYLOAD, new Uint8Array(), randomBytes(1_000_000), randomBytes(3_500_000)]) {
      const opened = await openEnvelope(ID, await sealEnvelope(ID, HEADER, payload, keys), keys);
      expect(opened.header).toEqual(HEADER);
      expect(Buffer.compare(opened.payload, payload)).toBe(0);
    }
  });

  it('is in bytes of its own', async () => {
    const sealed = await sealEnvelope(ID, HEADER, PAYLOAD, await makeKeys());
    expect(sealed.buffer.byteLength).toBe(sealed.length);
  });

  it('does not open with any one bit flipped, and says which check failed', async () => {
    const keys = await makeKeys();
    const sealed = await sealEnvelope(ID, HEADER, PAYLOAD, keys);
    const problems = new Set<unknown>();
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const error = await refusal(flipped, keys);
      expect(error.code).toBe('SUSPENSION_INCOMPATIBLE');
      expect(error.context).toMatchObject({ suspensionId: ID });
      problems.add(error.context['problem']);
    }
    expect(problems).toEqual(new Set(['magic', 'version', 'key', 'seal']));
  });

  it('does not open truncated at any byte, or with one more', async () => {
    const keys = await makeKeys();
    const sealed = await sealEnvelope(ID, HEADER, PAYLOAD, keys);
    for (let length = 0; length < sealed.length; length++) {
      const { code, context } = await refusal(sealed.subarray(0, length), keys);
      expect(code).toBe('SUSPENSION_INCOMPATIBLE');
      expect(['truncated', 'seal']).toContain(context['problem']);
    }
    expect((await refusal(Buffer.concat([sealed, Buffer.of(0)]), keys)).context['problem']).toBe('seal');
  });

  it('is good under its own id only', async () => {
    const keys = await makeKeys();
    const sealed = await sealEnvelope(ID, HEADER, PAYLOAD, keys);
    for (const other of [ID.replace('.1', '.2'), ID.replace('A', 'B'), '', `${ID}\0`]) {
      expect((await refusal(sealed, keys, other)).context['problem']).toBe('seal');
    }
  });

  it('does not open with another key', async () => {
    const sealed = await sealEnvelope(ID, HEADER, PAYLOAD, await makeKeys());
    for (const keys of [await withSecrets(SECOND), await withStoreKey(Buffer.alloc(32, 8))]) {
      const error = await refusal(sealed, keys);
      expect(error.context['problem']).toBe('key');
      expect(error.message).toMatch(/Secret|suspensionSecret/);
    }
  });
});

describe('secrets', () => {
  it('are rotated: the first seals, all of them open', async () => {
    const [before, during, after] = [
      await withSecrets(FIRST),
      await withSecrets(SECOND, FIRST),
      await withSecrets(SECOND),
    ];
    const old = await sealEnvelope(ID, HEADER, PAYLOAD, before);
    expect((await openEnvelope(ID, old, during)).header).toEqual(HEADER);
    const fresh = await sealEnvelope(ID, HEADER, PAYLOAD, during);
    expect((await openEnvelope(ID, fresh, after)).header).toEqual(HEADER);
    expect((await refusal(old, after)).context['problem']).toBe('key');
    expect((await refusal(fresh, before)).context['problem']).toBe('key');
  });

  it('hide header and payload; without one both can be read', async () => {
    const encrypted = Buffer.from(await sealEnvelope(ID, HEADER, PAYLOAD, await withSecrets(FIRST)));
    const open = Buffer.from(await sealEnvelope(ID, HEADER, PAYLOAD, await withStoreKey()));
    for (const text of ['state:read:a', 'tenant']) {
      expect(encrypted.includes(text)).toBe(false);
      expect(open.includes(text)).toBe(true);
    }
  });

  it('encrypt the same differently each time', async () => {
    const keys = await withSecrets(FIRST);
    const [one, two] = [await sealEnvelope(ID, HEADER, PAYLOAD, keys), await sealEnvelope(ID, HEADER, PAYLOAD, keys)];
    expect(Buffer.compare(one, two)).not.toBe(0);
  });

  it('secrets that are set do not let in what was sealed without, and the other way round', async () => {
    const [secret, none] = [await withSecrets(FIRST), await withStoreKey(FIRST)];
    const sealed = [
      await sealEnvelope(ID, HEADER, PAYLOAD, secret),
      await sealEnvelope(ID, HEADER, PAYLOAD, none),
    ] as const;
    expect((await refusal(sealed[1], secret)).message).toContain('not sealed with a suspensionSecret');
    expect((await refusal(sealed[0], none)).message).toContain('was sealed with a suspensionSecret');
  });

  it('edited capabilities are refused', async () => {
    const keys = await withStoreKey();
    const edited = Buffer.from(await sealEnvelope(ID, HEADER, PAYLOAD, keys));
    edited.write('state:read:*', edited.indexOf('state:read:a'), 'latin1');
    expect((await refusal(edited, keys)).context['problem']).toBe('seal');
  });
});
