// What the function of the host for cryptography is asked by a guest that owns its VM: any operation, with any values and bytes. It answers
// bytes, a boolean, or nothing, in bounded time, and what it encrypts it decrypts again.
import { ValueEncoder } from '#build/codec/values/encoding/encode.js';
import { CRYPTO_HASHES, CRYPTO_OPERATIONS } from '#build/guest/abi.js';
import { performCrypto } from '#build/webcrypto/operations.js';

export const cases = 200_000;
export const short = 3_000;

const ENCRYPT = CRYPTO_OPERATIONS.indexOf('gcmEncrypt');
const DECRYPT = CRYPTO_OPERATIONS.indexOf('gcmDecrypt');
const MAX_MS = 250;

function bytes(random) {
  const length = random.pick([0, 1, 12, 16, 16, 24, 32, 32, 64, 200]);
  return Uint8Array.from({ length }, () => random.below(256));
}

function value(random) {
  return random.weighted([
    [5, () => bytes(random)],
    [3, () => random.pick([...CRYPTO_HASHES, 'sha256', 'MD5', '__proto__', '', 'constructor'])],
    [2, () => random.pick([0, 4, 8, 12, 16, 32, -1, 1.5, 2 ** 31, 2 ** 53, Number.NaN, 1e308])],
    [1, () => random.pick([true, false, null, undefined])],
  ])();
}

/** The arguments that an operation has. */
function fitting(random, operation) {
  const hash = random.pick(CRYPTO_HASHES);
  switch (CRYPTO_OPERATIONS[operation]) {
    case 'digest':
      return [hash, bytes(random)];
    case 'hmac':
      return [hash, bytes(random), bytes(random)];
    case 'hmacVerify':
      return [hash, bytes(random), bytes(random), bytes(random)];
    case 'hkdf':
      return [hash, bytes(random), bytes(random), bytes(random), random.below(20_000)];
    case 'equal':
      return [bytes(random), bytes(random)];
    default:
      return [bytes(random), bytes(random), bytes(random), bytes(random), random.pick([4, 8, 12, 13, 14, 15, 16])];
  }
}

/** A case: `{ operation, args }`. */
export function generate(random) {
  const operation = random.chance(0.95)
    ? random.below(CRYPTO_OPERATIONS.length)
    : random.pick([-1, 1e9, Number.NaN, 0.5]);
  const args = fitting(random, operation);
  // One of them is another one, most of the time.
  if (random.chance(0.6)) args[random.below(args.length)] = value(random);
  if (random.chance(0.1)) args.splice(random.below(args.length), 1);
  return { operation, args };
}

export function open() {
  return { encoder: new ValueEncoder() };
}

export function run({ operation, args }, { encoder }) {
  const startedAt = performance.now();
  const answer = performCrypto(operation, args);
  encoder.encode(answer, 'answer');
  const isKnown =
    answer === null || answer === undefined || typeof answer === 'boolean' || answer instanceof ArrayBuffer;
  if (!isKnown) return { kind: 'answer', message: `it answered ${String(answer)}` };
  if (operation === ENCRYPT && answer instanceof ArrayBuffer) {
    const [key, iv, added, data, tag] = args;
    const again = performCrypto(DECRYPT, [key, iv, added, new Uint8Array(answer), tag]);
    const isSame = again instanceof ArrayBuffer && Buffer.from(again).equals(data);
    if (!isSame) return { kind: 'lost', message: 'what was encrypted is not decrypted' };
  }
  const ms = performance.now() - startedAt;
  return ms <= MAX_MS ? undefined : { kind: 'slow', message: `it took ${Math.round(ms)} ms` };
}

export function describe({ operation, args }) {
  const shown = args.map((arg) => (arg instanceof Uint8Array ? `bytes(${arg.length})` : String(arg)));
  return `${CRYPTO_OPERATIONS[operation]} ${shown.join(' ')}`;
}
