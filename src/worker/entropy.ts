import { randomFillSync } from 'node:crypto';

/** The number of bytes that are read from the system at once. */
const STOCK_BYTES = 16 * 1024;

/** Random numbers for one execution, from the system or from a seed. */
export interface Entropy {
  /** Uniform in `[0, 2^32)`. */
  uint32(): number;
  /** The view holds until the next call. */
  bytes(count: number): Uint8Array;
}

/** The system's generator, called rarely: a call costs more than most executions need. */
export class SystemEntropy implements Entropy {
  readonly #stock = Buffer.alloc(STOCK_BYTES);
  #used = STOCK_BYTES;

  uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  bytes(count: number): Uint8Array {
    return this.#take(count);
  }

  /** @param count at most {@link STOCK_BYTES} */
  #take(count: number): Buffer {
    if (this.#used + count > STOCK_BYTES) {
      randomFillSync(this.#stock);
      this.#used = 0;
    }
    this.#used += count;
    return this.#stock.subarray(this.#used - count, this.#used);
  }
}

/** SplitMix64: neighbouring seeds give unrelated numbers. Reproducible, and not secret. */
export class SeededEntropy implements Entropy {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(Math.trunc(seed));
  }

  uint32(): number {
    return Number(this.#next() & 0xffff_ffffn);
  }

  bytes(count: number): Uint8Array {
    const bytes = Buffer.alloc(Math.ceil(count / 8) * 8);
    for (let at = 0; at < count; at += 8) bytes.writeBigUInt64LE(this.#next(), at);
    return bytes.subarray(0, count);
  }

  #next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }
}
