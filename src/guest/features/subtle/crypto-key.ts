import { Opaque } from '../opaque.js';
import { failure } from './algorithms.js';

export type KeyUsage = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveKey' | 'deriveBits' | 'wrapKey' | 'unwrapKey';
export const KEY_USAGES: readonly KeyUsage[] = [
  ...(['encrypt', 'decrypt', 'sign', 'verify'] as const),
  ...(['deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'] as const),
];

export interface KeyAlgorithm {
  readonly name: string;
  readonly length?: number;
  readonly hash?: { readonly name: string };
}

export interface KeyParts {
  readonly algorithm: KeyAlgorithm;
  readonly extractable: boolean;
  readonly usages: readonly KeyUsage[];
  readonly bytes: ArrayBuffer;
}

let made: KeyParts | undefined;
/** @throws TypeError for what is no key */
export let partsOf: (key: unknown) => KeyParts;

/** https://w3c.github.io/webcrypto/#cryptokey-interface: data like any other, which is suspended with its handler. */
export class CryptoKey extends Opaque {
  readonly #parts: KeyParts;
  readonly #algorithm: KeyAlgorithm;
  readonly #usages: KeyUsage[];

  static {
    partsOf = (key) => {
      if (typeof key === 'object' && key !== null && #parts in key) return key.#parts;
      throw new TypeError('The key is no CryptoKey: importKey() and generateKey() make one');
    };
  }

  constructor() {
    super();
    if (made === undefined) throw new TypeError('Illegal constructor: importKey() and generateKey() make keys');
    this.#parts = made;
    made = undefined;
    // What a handler gets to see, and can change.
    const { hash, ...algorithm } = this.#parts.algorithm;
    this.#algorithm = hash === undefined ? algorithm : { ...algorithm, hash: { ...hash } };
    this.#usages = [...this.#parts.usages];
  }

  get type(): 'secret' {
    void this.#parts;
    return 'secret';
  }

  get extractable(): boolean {
    return this.#parts.extractable;
  }

  get algorithm(): KeyAlgorithm {
    return this.#algorithm;
  }

  get usages(): KeyUsage[] {
    return this.#usages;
  }

  get [Symbol.toStringTag](): string {
    return 'CryptoKey';
  }
}

export function makeKey(parts: KeyParts): CryptoKey {
  made = parts;
  return new CryptoKey();
}

/** @throws DOMException InvalidAccessError if the key is not for this */
export function usableKey(key: unknown, algorithm: string, usage: KeyUsage): KeyParts {
  const parts = partsOf(key);
  if (parts.algorithm.name !== algorithm) {
    throw failure('InvalidAccessError', `The key is for ${parts.algorithm.name}, and not for ${algorithm}`);
  }
  if (!parts.usages.includes(usage)) {
    const usages = parts.usages.join(', ');
    throw failure('InvalidAccessError', `The key is not for ${usage}; its usages are: ${usages}`);
  }
  return parts;
}

/** @throws TypeError for what is no usage at all, DOMException SyntaxError for one that such keys do not have */
export function readUsages(given: unknown, allowed: readonly KeyUsage[], algorithm: string): KeyUsage[] {
  if (typeof given !== 'object' || given === null) throw new TypeError('The usages of a key are a list');
  const wanted = [...new Set(Array.from(given as Iterable<unknown>, (usage) => `${usage as string}`))] as KeyUsage[];
  for (const usage of wanted) {
    if (!KEY_USAGES.includes(usage))
      throw new TypeError(`"${usage}" is no usage of a key; there is ${KEY_USAGES.join(', ')}`);
  }
  const wrong = wanted.find((usage) => !allowed.includes(usage));
  if (wrong !== undefined) {
    throw failure('SyntaxError', `A key for ${algorithm} has no usage ${wrong}; there is ${allowed.join(', ')}`);
  }
  return KEY_USAGES.filter((usage) => wanted.includes(usage));
}
