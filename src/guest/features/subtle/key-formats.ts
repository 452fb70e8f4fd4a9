import { decodeBase64, encodeBase64 } from '../bytes-as-text/codec.js';
import {
  AES_GCM,
  type Algorithm,
  failure,
  HKDF,
  HMAC,
  isObject,
  notSupported,
  readCount,
  readHash,
} from './algorithms.js';
import { copied, lengthOf } from './bytes.js';
import { type CryptoKey, type KeyAlgorithm, type KeyUsage, makeKey, partsOf, readUsages } from './crypto-key.js';

const FORMATS = ['raw', 'jwk'];
const OTHER_FORMATS = ['pkcs8', 'spki'];
const MAX_KEY_BYTES = 0xffff_ffff;

export const USAGES: Readonly<Record<string, readonly KeyUsage[]>> = {
  [HMAC]: ['sign', 'verify'],
  [AES_GCM]: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'],
  [HKDF]: ['deriveKey', 'deriveBits'],
};

type Jwk = Readonly<Record<string, unknown>>;

export function importKey(
  format: string,
  data: unknown,
  wantedAlgorithm: Algorithm,
  extractable: boolean,
  given: unknown,
): CryptoKey {
  const { name, params } = wantedAlgorithm;
  requireFormat(format);
  const hash = name === HMAC ? readHash(wantedAlgorithm) : undefined;
  const wanted = name === HMAC ? readCount(params['length'], 'length') : undefined;
  const source = format === 'jwk' ? readJwk(data) : copied(data, 'The data of a key');
  const usages = readUsages(given, USAGES[name] ?? [], name);
  if (name === HKDF) {
    if (format !== 'raw') throw notSupported(`The format ${format} for ${HKDF}`, ['raw']);
    if (extractable) throw failure('SyntaxError', `A key for ${HKDF} is not extractable`);
  }
  const bytes = source instanceof ArrayBuffer ? source : bytesOfJwk(source);
  const algorithm = algorithmOf(name, hash?.name, bytes, wanted);
  if (!(source instanceof ArrayBuffer)) checkJwk(source, algorithm, usages, extractable);
  if (usages.length === 0) throw failure('SyntaxError', 'A secret key has at least one usage');
  return makeKey({ algorithm, extractable, usages, bytes });
}

export function exportKey(format: string, key: unknown): ArrayBuffer | Jwk {
  const { algorithm, bytes, extractable, usages } = partsOf(key);
  requireFormat(format);
  if (!extractable) throw failure('InvalidAccessError', 'The key is not extractable');
  if (format === 'raw') return copied(bytes, 'The key');
  return {
    key_ops: [...usages],
    ext: extractable,
    kty: 'oct',
    k: encodeBase64(new Uint8Array(bytes), 'base64url', true),
    alg: jwkName(algorithm),
  };
}

function requireFormat(format: string): void {
  if (FORMATS.includes(format)) return;
  if (OTHER_FORMATS.includes(format)) throw notSupported(`The format ${format}`, FORMATS);
  throw new TypeError(`The format of a key is one of ${FORMATS.join(', ')}`);
}

function algorithmOf(
  name: string,
  hash: string | undefined,
  bytes: ArrayBuffer,
  wanted: number | undefined,
): KeyAlgorithm {
  const bits = lengthOf(bytes) * 8;
  if (name === HKDF) return { name };
  if (name === AES_GCM) {
    if (![128, 192, 256].includes(bits)) {
      throw failure('DataError', `A key for ${AES_GCM} has 128, 192 or 256 bits, and this one ${bits}`);
    }
    return { name, length: bits };
  }
  if (bits === 0) throw failure('DataError', 'The key has no bytes; it needs at least one');
  if (wanted !== undefined && wanted !== bits) {
    throw failure('DataError', `The key has ${bits} bits, and not the "length" of ${wanted}`);
  }
  return { name, length: bits, hash: { name: hash as string } };
}

function readJwk(data: unknown): Jwk {
  if (isObject(data) && !(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) return data as Jwk;
  throw new TypeError('The data of a key of the format jwk is an object');
}

function bytesOfJwk({ kty, k }: Jwk): ArrayBuffer {
  if (kty !== 'oct') throw failure('DataError', 'The "kty" of a secret key is "oct"');
  if (typeof k !== 'string') throw failure('DataError', 'A secret key has its bytes in "k"');
  const { bytes, error } = decodeBase64(k, 'base64url', 'loose', MAX_KEY_BYTES);
  if (error !== undefined) throw failure('DataError', 'The "k" of a key is no base64url');
  return new Uint8Array(bytes).buffer;
}

function checkJwk(jwk: Jwk, algorithm: KeyAlgorithm, usages: readonly KeyUsage[], extractable: boolean): void {
  const { alg, use, key_ops: operations, ext } = jwk;
  const expected = algorithm.name === HMAC ? 'sig' : 'enc';
  if (usages.length > 0 && use !== undefined && use !== expected) {
    throw failure('DataError', `The "use" of a key for ${algorithm.name} is "${expected}"`);
  }
  if (operations !== undefined) {
    const list = Array.isArray(operations) ? (operations as unknown[]) : [];
    const isWhole = new Set(list).size === list.length && usages.every((usage) => list.includes(usage));
    if (!isWhole) throw failure('DataError', 'The "key_ops" of the key do not have the usages that are wanted');
  }
  if (ext !== undefined && ext === false && extractable) throw failure('DataError', 'The "ext" of the key is false');
  if (alg !== undefined && alg !== jwkName(algorithm)) {
    throw failure('DataError', `The "alg" of such a key is "${jwkName(algorithm)}"`);
  }
}

/** `HS256`, `A128GCM` */
function jwkName({ name, hash, length }: KeyAlgorithm): string {
  if (name === AES_GCM) return `A${length}GCM`;
  return `HS${hash?.name.slice('SHA-'.length)}`;
}
