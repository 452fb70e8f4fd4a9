import { createHash, hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;

/** One key, and the name by which an envelope says that it was sealed with it. */
export interface EnvelopeKey {
  readonly id: Buffer;
  readonly key: Uint8Array;
}

/** How envelopes are sealed. Of several keys the first seals and all open. */
export type EnvelopeKeys =
  | { readonly seal: 'aes-256-gcm'; readonly keys: readonly EnvelopeKey[] }
  | { readonly seal: 'hmac-sha256'; readonly keys: readonly EnvelopeKey[] };

/**
 * With secrets, envelopes are encrypted with keys derived from them. Without, they are authenticated with the store's own
 * key: whoever can read that can read and forge them.
 *
 * @param secrets `suspensionSecret`, resolved
 * @param storeKey of the store, asked for when there are no secrets
 */
export async function envelopeKeys(
  secrets: readonly Uint8Array[],
  storeKey: () => Promise<Uint8Array>,
): Promise<EnvelopeKeys> {
  if (secrets.length === 0) return { seal: 'hmac-sha256', keys: [deriveKey(await storeKey(), 'hmac-sha256')] };
  return { seal: 'aes-256-gcm', keys: secrets.map((secret) => deriveKey(secret, 'aes-256-gcm')) };
}

/** HKDF-SHA256. A key for each purpose, so that a secret used for two of them is two secrets. */
function deriveKey(secret: Uint8Array, seal: EnvelopeKeys['seal']): EnvelopeKey {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `nexus suspension envelope, ${seal}`, KEY_BYTES));
  const id = createHash('sha256').update('nexus suspension key id').update(key).digest().subarray(0, KEY_ID_BYTES);
  return { id, key };
}
