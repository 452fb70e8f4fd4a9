/** Seeded random numbers: the same seed, name and index always give the same values. */
export class Random {
  #a;
  #b;
  #c;
  #counter = 1;

  constructor(seed, name = '', index = 0) {
    const hash = hashOf(`${seed}/${name}/${index}`);
    this.#a = hash();
    this.#b = hash();
    this.#c = hash();
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** Gives from now on what this one gives. */
  clone() {
    const copy = new Random(0);
    copy.#a = this.#a;
    copy.#b = this.#b;
    copy.#c = this.#c;
    copy.#counter = this.#counter;
    return copy;
  }

  /** sfc32. */
  uint32() {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 up to, and without, 1. */
  fraction() {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from 0 up to, and without, `end`. */
  below(end) {
    return Math.floor(this.fraction() * end);
  }

  /** A whole number, both ends included. */
  between(first, last) {
    return first + this.below(last - first + 1);
  }

  chance(probability) {
    return this.fraction() < probability;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** @param choices `[weight, value]` */
  weighted(choices) {
    let at = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of choices) {
      at -= weight;
      if (at < 0) return value;
    }
    return choices.at(-1)[1];
  }

  bytes(length) {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** A list of `make`'s values. */
  list(length, make) {
    return Array.from({ length }, (_, i) => make(i));
  }
}

/** FNV-1a with a finish that spreads every bit; each call gives another number of the same text. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
    hash ^= hash >>> 16;
    return hash;
  };
}
