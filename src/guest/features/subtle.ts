import { CRYPTO_OPERATIONS, MAX_CRYPTO_BYTES } from '../abi.js';
import { asInterface, exceptionsOf, type FeatureHost } from './feature.js';
import { Opaque } from './opaque.js';
import {
  AES_GCM,
  type Algorithm,
  failure,
  HKDF,
  HMAC,
  notSupported,
  readAlgorithm,
  readCount,
  readHash,
  useExceptions,
} from './subtle/algorithms.js';
import { lengthOf, wholeBuffer } from './subtle/bytes.js';
import { CryptoKey, makeKey, readUsages, usableKey } from './subtle/crypto-key.js';
import { exportKey, importKey, USAGES } from './subtle/key-formats.js';
import { beginPromise } from './timers/begin-promise.js';

type HostFunction = (operation: number, ...values: unknown[]) => unknown;
type OperationName = (typeof CRYPTO_OPERATIONS)[number];

const DEFAULT_TAG_BITS = 128;
const TAG_BITS = [32, 64, 96, 104, 112, 120, 128];

/**
 * https://w3c.github.io/webcrypto/#subtlecrypto-interface, with secret keys. The host answers at once; promises are settled by jobs.
 *
 * @param ask the function of the host, see `engine/vm/host-call.ts`
 */
export default function install(host: FeatureHost, ask: HostFunction): void {
  useExceptions(exceptionsOf(host));
  const { randomBytes } = host;
  if (randomBytes === undefined) throw new TypeError('the feature crypto comes first');
  const random: (target: Uint8Array) => void = randomBytes;

  const askFor = (operation: OperationName, ...values: unknown[]): unknown => {
    const bytes = values.reduce<number>(
      (sum, value) => (value instanceof ArrayBuffer ? sum + lengthOf(value) : sum),
      0,
    );
    if (bytes > MAX_CRYPTO_BYTES) {
      throw failure('OperationError', `At most ${MAX_CRYPTO_BYTES} bytes are taken at once, and these are ${bytes}`);
    }
    const answer = ask(CRYPTO_OPERATIONS.indexOf(operation), ...values);
    if (answer !== null && answer !== undefined) return answer;
    const reason = answer === null ? 'failed for an operation-specific reason' : 'has no answer of the host';
    throw failure('OperationError', 'The operation ' + reason);
  };

  function cipher(operation: 'gcmEncrypt' | 'gcmDecrypt', args: readonly unknown[]): unknown {
    const usage = operation === 'gcmEncrypt' ? 'encrypt' : 'decrypt';
    atLeast(args, 3);
    const { params } = readAlgorithm('encrypt', args[0]);
    if (params['iv'] === undefined)
      throw new TypeError(`${AES_GCM} needs an "iv": 12 random bytes, new ones for each encryption`);
    const iv = wholeBuffer(params['iv'], 'The "iv"');
    const added = params['additionalData'];
    const additionalData = wholeBuffer(added === undefined ? new ArrayBuffer(0) : added, 'The "additionalData"');
    const tagBits = readCount(params['tagLength'], 'tagLength', 255) ?? DEFAULT_TAG_BITS;
    const data = wholeBuffer(args[2], 'The data');
    const { bytes } = usableKey(args[1], AES_GCM, usage);
    if (!TAG_BITS.includes(tagBits)) {
      throw failure('OperationError', `The "tagLength" is ${tagBits}, and not one of ${TAG_BITS.join(', ')}`);
    }
    if (lengthOf(iv) === 0) throw failure('OperationError', 'The "iv" has no bytes');
    return askFor(operation, bytes, iv, additionalData, data, tagBits / 8);
  }

  function derive(algorithm: Algorithm, key: unknown, length: unknown, usage: 'deriveBits' | 'deriveKey'): ArrayBuffer {
    const hash = readHash(algorithm);
    const { params } = algorithm;
    for (const name of ['salt', 'info']) {
      if (params[name] === undefined) throw new TypeError(`${HKDF} needs "${name}", which may have no bytes`);
    }
    const salt = wholeBuffer(params['salt'], 'The "salt"');
    const info = wholeBuffer(params['info'], 'The "info"');
    const { bytes } = usableKey(key, HKDF, usage);
    const bits = length === null || length === undefined ? undefined : readCount(length, 'length');
    if (bits === undefined || bits % 8 !== 0) {
      throw failure('OperationError', 'The length is a number of bits that is a multiple of 8');
    }
    if (bits === 0) return new ArrayBuffer(0);
    return askFor('hkdf', hash.name, bytes, salt, info, bits / 8) as ArrayBuffer;
  }

  class SubtleCrypto extends Opaque {
    readonly #brand = true;

    digest(...args: unknown[]): Promise<unknown> {
      return settled(() => {
        this.#check(args, 2);
        const { name } = readAlgorithm('digest', args[0]);
        return askFor('digest', name, wholeBuffer(args[1], 'The data'));
      });
    }

    generateKey(...args: unknown[]): Promise<CryptoKey> {
      return settled(() => {
        this.#check(args, 3);
        const wanted = readAlgorithm('generateKey', args[0]);
        const { name, params } = wanted;
        const hash = name === HMAC ? readHash(wanted) : undefined;
        const given = readCount(params['length'], 'length', name === HMAC ? undefined : 0xffff);
        if (given === undefined && hash === undefined) throw new TypeError(`${name} needs a "length" in bits`);
        const length = given ?? (hash?.blockBytes ?? 0) * 8;
        if (hash === undefined) requireAesLength(length);
        const usages = readUsages(args[2], USAGES[name] ?? [], name);
        if (length === 0 || length > MAX_CRYPTO_BYTES)
          throw failure('OperationError', `A key cannot have ${length} bits`);
        if (length % 8 !== 0) throw notSupported(`A length of ${length} bits`, ['any multiple of 8']);
        if (usages.length === 0) throw failure('SyntaxError', 'A secret key has at least one usage');
        const bytes = new Uint8Array(length / 8);
        random(bytes);
        const algorithm = hash === undefined ? { name, length } : { name, length, hash: { name: hash.name } };
        return makeKey({ algorithm, extractable: Boolean(args[1]), usages, bytes: bytes.buffer });
      });
    }

    importKey(...args: unknown[]): Promise<CryptoKey> {
      return settled(() => {
        this.#check(args, 5);
        const wanted = readAlgorithm('importKey', args[2]);
        return importKey(`${args[0]}`, args[1], wanted, Boolean(args[3]), args[4]);
      });
    }

    exportKey(...args: unknown[]): Promise<unknown> {
      return settled(() => {
        this.#check(args, 2);
        return exportKey(`${args[0]}`, args[1]);
      });
    }

    sign(...args: unknown[]): Promise<unknown> {
      return settled(() => {
        this.#check(args, 3);
        readAlgorithm('sign', args[0]);
        const data = wholeBuffer(args[2], 'The data');
        const { algorithm, bytes } = usableKey(args[1], HMAC, 'sign');
        return askFor('hmac', algorithm.hash?.name, bytes, data);
      });
    }

    verify(...args: unknown[]): Promise<unknown> {
      return settled(() => {
        this.#check(args, 4);
        readAlgorithm('sign', args[0]);
        const signature = wholeBuffer(args[2], 'The signature');
        const data = wholeBuffer(args[3], 'The data');
        const { algorithm, bytes } = usableKey(args[1], HMAC, 'verify');
        return askFor('hmacVerify', algorithm.hash?.name, bytes, data, signature);
      });
    }

    encrypt(...args: unknown[]): Promise<unknown> {
      return settled(() => {
        this.#check(args, 3);
        return cipher('gcmEncrypt', args);
      });
    }

    decrypt(...args: unknown[]): Promise<unknown> {
      return settled(() => {
        this.#check(args, 3);
        return cipher('gcmDecrypt', args);
      });
    }

    deriveBits(...args: unknown[]): Promise<ArrayBuffer> {
      return settled(() => {
        this.#check(args, 2);
        return derive(readAlgorithm('deriveBits', args[0]), args[1], args[2], 'deriveBits');
      });
    }

    deriveKey(...args: unknown[]): Promise<CryptoKey> {
      return settled(() => {
        this.#check(args, 5);
        const derivation = readAlgorithm('deriveBits', args[0]);
        const wanted = readAlgorithm('importKey', args[2]);
        const hash = wanted.name === HMAC ? readHash(wanted) : undefined;
        const length = readCount(wanted.params['length'], 'length') ?? (hash?.blockBytes ?? 0) * 8;
        if (wanted.name === AES_GCM) requireAesLength(length);
        const usages = readUsages(args[4], USAGES[wanted.name] ?? [], wanted.name);
        const bytes = derive(derivation, args[1], length, 'deriveKey');
        return importKey('raw', bytes, wanted, Boolean(args[3]), usages);
      });
    }

    wrapKey(): Promise<never> {
      return settled(() => {
        throw notSupported('wrapKey()', ['exportKey(), and encrypt() of what it gives']);
      });
    }

    unwrapKey(): Promise<never> {
      return settled(() => {
        throw notSupported('unwrapKey()', ['decrypt(), and importKey() of what it gives']);
      });
    }

    /** Not of the standard: as of Cloudflare. */
    timingSafeEqual(a: unknown, b: unknown): boolean {
      void this.#brand;
      return timingSafeEqual(a, b);
    }

    get [Symbol.toStringTag](): string {
      return 'SubtleCrypto';
    }

    #check(args: readonly unknown[], count: number): void {
      void this.#brand;
      atLeast(args, count);
    }
  }
  Object.defineProperty(SubtleCrypto, 'name', { value: 'SubtleCrypto', configurable: true });

  function timingSafeEqual(a: unknown, b: unknown): boolean {
    const [first, second] = [wholeBuffer(a, 'The first value'), wholeBuffer(b, 'The second value')];
    if (lengthOf(first) !== lengthOf(second)) throw new RangeError('Input buffers must have the same byte length');
    return askFor('equal', first, second) as boolean;
  }

  host.refuse(CryptoKey.prototype, 'a CryptoKey', '; pass what exportKey() gives');
  host.refuse(SubtleCrypto.prototype, 'crypto.subtle');
  host.define('CryptoKey', asInterface(CryptoKey));
  host.cryptography = { subtle: new (asInterface(SubtleCrypto))(), timingSafeEqual };
}

function settled<T>(run: () => T): Promise<T> {
  return beginPromise<T>((resolve) => resolve(run()));
}

function requireAesLength(bits: number): void {
  if (bits === 128 || bits === 192 || bits === 256) return;
  throw failure('OperationError', `A key for ${AES_GCM} has 128, 192 or 256 bits, and not ${bits}`);
}

function atLeast(args: readonly unknown[], count: number): void {
  if (args.length < count) throw new TypeError(`${count} arguments are needed, and there are ${args.length}`);
}
