import { createHash, hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
const SECRET_ID_BYTES = 16;

/** A key, and the id that an envelope sealed with it carries. */
export interface EnvelopeKey {
  readonly id: Buffer;
  readonly key: Uint8Array;
}

/** How envelopes are sealed. The first key seals, and all of them open. */
export type EnvelopeKeys =
  | { readonly seal: 'aes-256-gcm'; readonly keys: readonly EnvelopeKey[] }
  | { readonly seal: 'hmac-sha256'; readonly keys: readonly EnvelopeKey[] };

/**
 * With secrets, envelopes are encrypted with keys derived from them. Without, they are authenticated with the
 * store's key: anyone who can read that can read and forge them.
 *
 * @param secrets `suspensionSecret`, resolved
 * @param storeKey returns the store's key; called if there are no secrets
 */
export async function envelopeKeys(
  secrets: readonly Uint8Array[],
  storeKey: () => Promise<Uint8Array>,
): Promise<EnvelopeKeys> {
  if (secrets.length === 0) return { seal: 'hmac-sha256', keys: [deriveKey(await storeKey(), 'hmac-sha256')] };
  return { seal: 'aes-256-gcm', keys: secrets.map((secret) => deriveKey(secret, 'aes-256-gcm')) };
}

/** Tells secrets apart, and nothing else of them. 32 hexadecimal digits. */
export function secretId(secret: Uint8Array): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'nexus suspension secret id', SECRET_ID_BYTES)).toString('hex');
}

/** HKDF-SHA256. One key for each purpose, so that one secret can be used for two of them. */
function deriveKey(secret: Uint8Array, seal: EnvelopeKeys['seal']): EnvelopeKey {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `nexus suspension envelope, ${seal}`, KEY_BYTES));
  const id = createHash('sha256').update('nexus suspension key id').update(key).digest().subarray(0, KEY_ID_BYTES);
  return { id, key };
}
