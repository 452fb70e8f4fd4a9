import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Of SHA-256, with a key or without. */
export const DIGEST_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What encryption adds to the content. */
export const CIPHER_BYTES = NONCE_BYTES + TAG_BYTES;

/** Seals one container: its content passes through in order, and the seal follows it. */
export interface Seal {
  /** Stands before the content: a nonce, or nothing. */
  readonly lead: Uint8Array;
  readonly trailBytes: number;
  /** @returns what is stored: the content itself, or encrypted */
  update(content: Uint8Array): Uint8Array;
  /** @returns the seal, when all content has passed */
  finish(): Uint8Array;
}

/** Checks the seal of one container: what is stored passes through in order. */
export interface SealCheck {
  /** @returns the content. It must not be used before the seal was found right */
  update(stored: Uint8Array): Uint8Array;
  /** Whether this is the seal of all that has passed. Asked once. */
  matches(seal: Uint8Array): boolean;
}

/** Detects damage. Anyone can make it. */
export function digestSeal(): Seal & SealCheck {
  return new HashSeal(createHash('sha256'));
}

/**
 * Only who has the key can make it. The content can be read by anyone.
 *
 * @param associated sealed as well, and not stored
 */
export function macSeal(key: Uint8Array, associated?: Uint8Array): Seal & SealCheck {
  const hmac = createHmac('sha256', key);
  return new HashSeal(associated === undefined ? hmac : hmac.update(associated));
}

/** Only who has the key can make it, or read the content. @param associated sealed as well, and not stored */
export function cipherSeal(key: Uint8Array, associated: Uint8Array): Seal {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated);
  return {
    lead: nonce,
    trailBytes: TAG_BYTES,
    update: (content) => cipher.update(content),
    finish: () => Buffer.concat([cipher.final(), cipher.getAuthTag()]),
  };
}

/** What {@link cipherSeal} has made, in its three parts. */
export function splitCipher(stored: Uint8Array): Record<'nonce' | 'content' | 'tag', Uint8Array> {
  const end = stored.length - TAG_BYTES;
  return {
    nonce: stored.subarray(0, NONCE_BYTES),
    content: stored.subarray(NONCE_BYTES, end),
    tag: stored.subarray(end),
  };
}

export function cipherCheck(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array): SealCheck {
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated);
  return {
    update: (stored) => decipher.update(stored),
    matches: (tag) => {
      decipher.setAuthTag(tag);
      try {
        decipher.final();
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Right when one of several is. They must leave the content as it is. */
export function anyOf(checks: readonly SealCheck[]): SealCheck {
  return {
    update: (stored) => {
      for (const check of checks) check.update(stored);
      return stored;
    },
    matches: (seal) => checks.some((check) => check.matches(seal)),
  };
}

/** The part of a hash and of a MAC that is used here. */
interface Digesting {
  update(bytes: Uint8Array): Digesting;
  digest(): Buffer;
}

const NOTHING = new Uint8Array();

class HashSeal implements Seal, SealCheck {
  readonly lead = NOTHING;
  readonly trailBytes = DIGEST_BYTES;
  readonly #hash: Digesting;

  constructor(hash: Digesting) {
    this.#hash = hash;
  }

  update(bytes: Uint8Array): Uint8Array {
    this.#hash.update(bytes);
    return bytes;
  }

  finish(): Uint8Array {
    return this.#hash.digest();
  }

  matches(seal: Uint8Array): boolean {
    return seal.length === DIGEST_BYTES && timingSafeEqual(this.#hash.digest(), seal);
  }
}
