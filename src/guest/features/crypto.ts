import { chacha20 } from '@noble/ciphers/chacha.js';
import { asInterface, exceptionsOf, type FeatureHost } from './feature.js';
import { Opaque } from './opaque.js';

/**
 * The generator: a key and a stock of bytes, both in the buffer that the host writes before every execution.
 * When the stock is used up, ChaCha20 generates the next one with that key; requests longer than the stock
 * use the cipher directly. The counters are in the buffer as well, so writing it resets everything.
 */
const USED_AT = 0;
const NONCE_AT = 4;
const KEY_AT = 8;
const STOCK_AT = 40;
const NONCE_BYTES = 12;
/** The limit of the standard for one call. */
const QUOTA_BYTES = 65_536;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const INTEGER_ARRAYS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
];
const typeOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => string | undefined;

class Generator {
  readonly #counters: Uint32Array;
  readonly #key: Uint8Array;
  readonly #stock: Uint8Array;

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    this.#counters = new Uint32Array(buffer, byteOffset + USED_AT, KEY_AT / 4);
    this.#key = new Uint8Array(buffer, byteOffset + KEY_AT, STOCK_AT - KEY_AT);
    this.#stock = new Uint8Array(buffer, byteOffset + STOCK_AT, length - STOCK_AT);
  }

  fill(target: Uint8Array): void {
    const stock = this.#stock;
    if (target.length > stock.length) {
      target.set(this.#stream(target.length));
      return;
    }
    if (this.#used + target.length > stock.length) {
      stock.set(this.#stream(stock.length));
      this.#used = 0;
    }
    target.set(stock.subarray(this.#used, this.#used + target.length));
    this.#used += target.length;
  }

  get #used(): number {
    return this.#counters[0] as number;
  }

  set #used(bytes: number) {
    this.#counters[0] = bytes;
  }

  /** No nonce is used twice with one key. */
  #stream(bytes: number): Uint8Array {
    const nonce = new Uint8Array(NONCE_BYTES);
    const count = (this.#counters[NONCE_AT / 4] as number) + 1;
    this.#counters[NONCE_AT / 4] = count;
    new DataView(nonce.buffer).setUint32(0, count);
    return chacha20(this.#key, nonce, new Uint8Array(bytes));
  }
}

export default function install(host: FeatureHost): void {
  const DOMException = exceptionsOf(host);
  const generator = new Generator(host.entropy);
  host.randomBytes = (target) => generator.fill(target);

  /** https://w3c.github.io/webcrypto/#crypto-interface; see `subtle.ts`. */
  class Crypto extends Opaque {
    readonly #brand = true;

    getRandomValues<T extends ArrayBufferView>(array: T): T {
      if (!(#brand in this)) throw new TypeError('Illegal invocation');
      const type = Reflect.apply(typeOf, array, []);
      if (type === undefined || !INTEGER_ARRAYS.includes(type)) {
        throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
      }
      if (array.byteLength > QUOTA_BYTES) {
        throw new DOMException(
          `The requested length exceeds ${QUOTA_BYTES} bytes: ${array.byteLength}`,
          'QuotaExceededError',
        );
      }
      generator.fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    }

    randomUUID(): string {
      if (!(#brand in this)) throw new TypeError('Illegal invocation');
      const bytes = new Uint8Array(16);
      generator.fill(bytes);
      bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
      bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
      let text = '';
      for (let i = 0; i < 16; i++) {
        if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
        text += HEX[bytes[i] as number];
      }
      return text;
    }

    get subtle(): object {
      if (!(#brand in this)) throw new TypeError('Illegal invocation');
      return (host.cryptography ?? host.missFeature()).subtle;
    }

    /** Not of the standard: as of Node's module. */
    timingSafeEqual(a: unknown, b: unknown): boolean {
      if (!(#brand in this)) throw new TypeError('Illegal invocation');
      return (host.cryptography ?? host.missFeature()).timingSafeEqual(a, b);
    }

    get [Symbol.toStringTag](): string {
      return 'Crypto';
    }
  }
  Object.defineProperty(Crypto, 'name', { value: 'Crypto', configurable: true });

  host.refuse(Crypto.prototype, 'crypto');
  host.define('crypto', new (asInterface(Crypto))());
}
