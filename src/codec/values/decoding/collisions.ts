/** A longer string is hashed only by its length. */
export const MAX_HASHED_CHARACTERS = 16_383;
/** Comparing this many characters takes as long as one step from key to key. */
const CHARACTERS_PER_STEP = 16;
const MAX_INDEX_DIGITS = 10;
const INDEX_HASH_MASK = 0xff_ffff;
const HASH_MASK = 0x3fff_ffff;
const FIRST_CAPACITY = 128;
/** V8 hashes objects randomly, and most strings with a secret seed. */
export const UNPREDICTABLE = -1;

/**
 * The steps from key to key that a document may cost for every key of its Maps and Sets, plus a constant:
 * some 20 ms.
 */
const STEPS_PER_KEY = 16;
const FREE_STEPS = 4_000_000;
/** Comparing BigInts is a call of V8's runtime. */
const STEPS_OF_BIGINT = 4;

/**
 * Counts the cost of the keys of a document's Maps and Sets in V8's hash tables. Numbers, BigInts, index
 * strings and very long strings have predictable hashes, so keys can be chosen such that each is compared
 * with all previous ones.
 *
 * It follows V8's hash functions. If a version of V8 uses others, the count is too low; a time limit detects
 * the rest.
 */
export class Collisions {
  #keys = 0;
  #steps = 0;
  readonly #longNames = new Map<number, number>();

  get isTooMuch(): boolean {
    return this.#steps > FREE_STEPS + STEPS_PER_KEY * this.#keys;
  }

  /** Starts a Map or Set. */
  table(): KeyTable {
    return new KeyTable((steps) => {
      this.#keys++;
      this.#steps += steps;
    });
  }

  /**
   * A property name of more than {@link MAX_HASHED_CHARACTERS}. V8 keeps one copy of each, and finds it by
   * its hash.
   */
  name({ length }: string): void {
    const before = this.#longNames.get(length) ?? 0;
    this.#longNames.set(length, before + 1);
    this.#steps += Math.ceil((before * length) / CHARACTERS_PER_STEP);
  }
}

/** Has as many buckets as V8 for a Map of this size, with the number of keys in each. */
export class KeyTable {
  readonly #note: (steps: number) => void;
  #hashes = new Int32Array(FIRST_CAPACITY);
  #buckets = new Uint32Array(FIRST_CAPACITY / 2);
  #size = 0;

  /** @param note called with the number of steps of each key */
  constructor(note: (steps: number) => void) {
    this.#note = note;
  }

  add(key: unknown): void {
    const hash = predictHash(key);
    if (hash === UNPREDICTABLE) {
      this.#note(1);
      return;
    }
    if (this.#size === this.#hashes.length) this.#grow();
    this.#hashes[this.#size++] = hash;
    const before = this.#enter(hash);
    this.#note(before * stepsOf(key));
  }

  /** @returns the number of keys that were in its bucket before */
  #enter(hash: number): number {
    const bucket = hash & (this.#buckets.length - 1);
    const before = this.#buckets[bucket] as number;
    this.#buckets[bucket] = before + 1;
    return before;
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#buckets = new Uint32Array(hashes.length / 2);
    for (let i = 0; i < this.#size; i++) this.#enter(hashes[i] as number);
  }
}

/** The cost of comparing a key with another in its bucket. */
function stepsOf(key: unknown): number {
  if (typeof key === 'bigint') return STEPS_OF_BIGINT;
  return typeof key === 'string' && key.length > MAX_HASHED_CHARACTERS ? key.length / CHARACTERS_PER_STEP : 1;
}

/** The hash that V8 gives a key of a Map or Set, or {@link UNPREDICTABLE}. */
export function predictHash(key: unknown): number {
  switch (typeof key) {
    case 'number':
      return (key | 0) === key ? hash32(key) : hashDouble(key);
    case 'bigint':
      // Only its lowest 64 bits count.
      digits[0] = key < 0n ? -key : key;
      return hash64(halves[LOW] as number, halves[HIGH] as number);
    case 'string':
      if (key.length > MAX_HASHED_CHARACTERS) return key.length;
      return isIndex(key) ? Number(key) & INDEX_HASH_MASK : UNPREDICTABLE;
    default:
      return UNPREDICTABLE;
  }
}

function isIndex(text: string): boolean {
  if (text.length === 0 || text.length > MAX_INDEX_DIGITS) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

const digits = new BigUint64Array(1);
const doubles = new Float64Array(digits.buffer);
const halves = new Uint32Array(digits.buffer);
const [LOW, HIGH] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? ([0, 1] as const) : ([1, 0] as const);

function hashDouble(key: number): number {
  doubles[0] = key;
  return hash64(halves[LOW] as number, halves[HIGH] as number);
}

/** Thomas Wang's 32-bit hash, as in V8. */
function hash32(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  hash ^= hash >>> 16;
  return hash & HASH_MASK;
}

/** His 64-bit hash, from its two halves. */
function hash64(keyLow: number, keyHigh: number): number {
  let sum = (~keyLow >>> 0) + ((keyLow << 18) >>> 0);
  let low = sum >>> 0;
  let high = ((~keyHigh >>> 0) + (((keyHigh << 18) | (keyLow >>> 14)) >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
  low = (low ^ ((low >>> 31) | (high << 1))) >>> 0;
  high = (high ^ (high >>> 31)) >>> 0;
  const product = low * 21;
  high = (high * 21 + Math.floor(product / 2 ** 32)) % 2 ** 32;
  low = product % 2 ** 32;
  low = (low ^ ((low >>> 11) | (high << 21))) >>> 0;
  high = (high ^ (high >>> 11)) >>> 0;
  sum = low + ((low << 6) >>> 0);
  high = (high + (((high << 6) | (low >>> 26)) >>> 0) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
  low = sum >>> 0;
  low ^= (low >>> 22) | (high << 10);
  return low & HASH_MASK;
}
