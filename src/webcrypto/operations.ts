import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import { CRYPTO_HASHES, CRYPTO_OPERATIONS, MAX_CRYPTO_BYTES } from '../guest/abi.js';

/** What the guest passes: all of it is untrusted. Bytes lie in the memory of the VM, and are only read during the call. */
export type CryptoArgument = string | number | boolean | null | undefined | Uint8Array;
/** Undefined for what the guest's half never asks; null for what cannot be done with these values. */
export type CryptoAnswer = ArrayBuffer | boolean | null | undefined;
type Arguments = readonly CryptoArgument[];
type GcmCipher = 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';

/** Names of Node, by those of the standard. */
const HASHES = new Map<string, string>(CRYPTO_HASHES.map((name) => [name, name.replace('-', '').toLowerCase()]));
const CIPHERS = new Map<number, GcmCipher>([
  [16, 'aes-128-gcm'],
  [24, 'aes-192-gcm'],
  [32, 'aes-256-gcm'],
]);
/** Bytes of a tag. */
const TAGS = new Set([4, 8, 12, 13, 14, 15, 16]);
/** HKDF gives at most so many digests. */
const MAX_HKDF_BLOCKS = 255;

/** A question that the guest's half never asks. */
class MalformedRequest extends Error {}

/**
 * Cryptography for handlers: a pure function of what it is given, which keeps nothing.
 *
 * @param operation index in {@link CRYPTO_OPERATIONS}
 */
export function performCrypto(operation: number, args: Arguments): CryptoAnswer {
  const name = CRYPTO_OPERATIONS[operation];
  const bytes = args.reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.length : 0), 0);
  if (name === undefined || bytes > MAX_CRYPTO_BYTES) return undefined;
  try {
    return answer(name, args);
  } catch (error) {
    // What node:crypto throws about values depends on its version and on OpenSSL.
    return error instanceof MalformedRequest ? undefined : null;
  }
}

function answer(name: (typeof CRYPTO_OPERATIONS)[number], args: Arguments): CryptoAnswer {
  switch (name) {
    case 'digest':
      return own(createHash(hashOf(args[0])).update(bytesOf(args[1])).digest());
    case 'hmac':
      return own(hmac(args));
    case 'hmacVerify': {
      const given = bytesOf(args[3]);
      const right = hmac(args);
      return given.length === right.length && timingSafeEqual(given, right);
    }
    case 'gcmEncrypt':
      return encrypt(args);
    case 'gcmDecrypt':
      return decrypt(args);
    case 'hkdf': {
      const hash = hashOf(args[0]);
      const length = numberOf(args[4]);
      if (length > MAX_HKDF_BLOCKS * createHash(hash).digest().length) return null;
      return hkdfSync(hash, bytesOf(args[1]), bytesOf(args[2]), bytesOf(args[3]), length);
    }
    case 'equal': {
      const [a, b] = [bytesOf(args[0]), bytesOf(args[1])];
      return a.length === b.length && timingSafeEqual(a, b);
    }
    default:
      throw name satisfies never;
  }
}

function hmac(args: Arguments): Buffer {
  return createHmac(hashOf(args[0]), bytesOf(args[1])).update(bytesOf(args[2])).digest();
}

interface Gcm {
  readonly cipher: GcmCipher;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
  readonly data: Uint8Array;
  readonly authTagLength: number;
}

function gcmOf(args: Arguments): Gcm {
  const key = bytesOf(args[0]);
  const cipher = CIPHERS.get(key.length);
  const authTagLength = numberOf(args[4]);
  if (cipher === undefined || !TAGS.has(authTagLength)) throw new MalformedRequest('a key or tag has another length');
  return { cipher, key, iv: bytesOf(args[1]), additionalData: bytesOf(args[2]), data: bytesOf(args[3]), authTagLength };
}

function encrypt(args: Arguments): ArrayBuffer {
  const { cipher, key, iv, additionalData, data, authTagLength } = gcmOf(args);
  const stream = createCipheriv(cipher, key, iv, { authTagLength });
  stream.setAAD(additionalData);
  return joined(stream.update(data), stream.final(), stream.getAuthTag());
}

function decrypt(args: Arguments): ArrayBuffer | null {
  const { cipher, key, iv, additionalData, data, authTagLength } = gcmOf(args);
  if (data.length < authTagLength) return null;
  const end = data.length - authTagLength;
  const stream = createDecipheriv(cipher, key, iv, { authTagLength });
  stream.setAAD(additionalData);
  stream.setAuthTag(data.subarray(end));
  const text = stream.update(data.subarray(0, end));
  // Throws if the tag is another one: nothing of the text gets out before.
  return joined(text, stream.final());
}

function joined(...parts: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}

function own(bytes: Uint8Array): ArrayBuffer {
  return joined(bytes);
}

function hashOf(value: CryptoArgument): string {
  const hash = typeof value === 'string' ? HASHES.get(value) : undefined;
  if (hash === undefined) throw new MalformedRequest('there is no such hash');
  return hash;
}

function bytesOf(value: CryptoArgument): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new MalformedRequest('bytes are expected');
}

function numberOf(value: CryptoArgument): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MalformedRequest('a count is expected');
}
