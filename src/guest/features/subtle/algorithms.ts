import { CRYPTO_HASHES } from '../../abi.js';
import type { DOMExceptionConstructor } from '../feature.js';

export interface Hash {
  readonly name: (typeof CRYPTO_HASHES)[number];
  /** Of its internal block, in bytes: the length of a generated key. */
  readonly blockBytes: number;
}

export type Operation = 'digest' | 'sign' | 'encrypt' | 'deriveBits' | 'importKey' | 'generateKey';
/** The members that a caller gives: each is read where it is used. */
export type Params = Readonly<Record<string, unknown>>;

/** What a caller asks for, by the name that the standard writes. */
export interface Algorithm {
  readonly name: string;
  readonly params: Params;
}

export const HMAC = 'HMAC';
export const AES_GCM = 'AES-GCM';
export const HKDF = 'HKDF';

const SUPPORTED: Readonly<Record<Operation, readonly string[]>> = {
  digest: CRYPTO_HASHES,
  sign: [HMAC],
  encrypt: [AES_GCM],
  deriveBits: [HKDF],
  importKey: [HMAC, AES_GCM, HKDF],
  generateKey: [HMAC, AES_GCM],
};

let DOMException: DOMExceptionConstructor;

export function useExceptions(exceptions: DOMExceptionConstructor): void {
  DOMException = exceptions;
}

export function failure(name: string, message: string): Error {
  return new DOMException(message, name);
}

export function notSupported(what: string, there: readonly string[]): Error {
  return failure('NotSupportedError', `${what} is not available in a handler; there is ${there.join(', ')}`);
}

/** https://w3c.github.io/webcrypto/#algorithm-normalization-normalize-an-algorithm */
export function readAlgorithm(operation: Operation, algorithm: unknown): Algorithm {
  const params = (isObject(algorithm) ? algorithm : { name: algorithm }) as Params;
  const given = params['name'];
  if (given === undefined && params === algorithm) throw new TypeError('An algorithm has a "name"');
  const name = `${given}`;
  const supported = SUPPORTED[operation].find((known) => known.toUpperCase() === name.toUpperCase());
  if (supported === undefined) throw notSupported(`The algorithm ${shown(name)}`, SUPPORTED[operation]);
  return { name: supported, params };
}

export function readHash({ name: algorithm, params }: Algorithm): Hash {
  const hash = params['hash'];
  if (hash === undefined) throw new TypeError(`${algorithm} needs a "hash", one of ${CRYPTO_HASHES.join(', ')}`);
  const { name } = readAlgorithm('digest', hash) as { readonly name: Hash['name'] };
  return { name, blockBytes: name === 'SHA-1' || name === 'SHA-256' ? 64 : 128 };
}

/** A count as WebIDL reads it with `[EnforceRange]`; undefined if it is not there. */
export function readCount(value: unknown, name: string, max = 0xffff_ffff): number | undefined {
  if (value === undefined) return undefined;
  const count = Math.trunc(Number(value));
  if (count >= 0 && count <= max) return count;
  throw new TypeError(`"${name}" is outside of the range 0 to ${max}`);
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function shown(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
