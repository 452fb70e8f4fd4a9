// For how long the main thread was held: how many cases held it how long, and which held it longest.
import { readFileSync } from 'node:fs';

/** Buckets of a histogram for each doubling. */
const PER_DOUBLING = 8;
const HEARTBEAT_MS = 2;
/** Of {@link mainThreadMs}. */
const GRAIN_MS = 4;
/** How many of the worst are remembered, to be run again. */
const WORST = 5;

/**
 * The time for which the main thread computed up to now, in milliseconds, to some four of them. On a busy machine it is less than the time
 * that went by. Infinity where the system does not tell.
 */
export function mainThreadMs() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return Infinity;
  }
}

/** Measures the longest time for which the thread did not come back to its event loop. */
export class HoldMeter {
  #last = 0;
  #computed = 0;
  #worstMs = 0;
  #timer;

  /** A heartbeat is needed for what waits; what does not is measured from its begin to its end. */
  start() {
    this.#worstMs = 0;
    this.#last = performance.now();
  }

  /** What runs now is asynchronous. */
  watch() {
    this.#beat(0);
    this.#computed = mainThreadMs();
    this.#timer = setInterval(() => this.#beat(HEARTBEAT_MS), HEARTBEAT_MS);
  }

  /** @returns milliseconds */
  stop() {
    this.#beat(this.#timer === undefined ? 0 : HEARTBEAT_MS);
    clearInterval(this.#timer);
    this.#timer = undefined;
    return Math.max(0, this.#worstMs);
  }

  #beat(expectedMs) {
    const now = performance.now();
    let heldMs = now - this.#last - expectedMs;
    if (this.#timer !== undefined) {
      // Whatever went by while others had the processor is none of the case's.
      const computed = mainThreadMs();
      if (computed !== Infinity) heldMs = Math.min(heldMs, computed - this.#computed + GRAIN_MS);
      this.#computed = computed;
    }
    this.#worstMs = Math.max(this.#worstMs, heldMs);
    this.#last = now;
  }
}

/** The holds of many cases. Plain data goes in and out, so that a campaign can be resumed. */
export class Holds {
  #buckets;
  #worst;

  constructor({ buckets = {}, worst = [] } = {}) {
    this.#buckets = { ...buckets };
    this.#worst = [...worst];
  }

  add(index, ms) {
    const bucket = ms < 0.001 ? -80 : Math.ceil(Math.log2(ms) * PER_DOUBLING);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    const least = this.#worst.at(-1);
    if (this.#worst.length === WORST && least.ms >= ms) return;
    this.#worst.push({ index, ms });
    this.#worst.sort((a, b) => b.ms - a.ms).splice(WORST);
  }

  /** Those of other cases, too. */
  merge({ buckets, worst }) {
    for (const [bucket, count] of Object.entries(buckets)) this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + count;
    this.#worst.push(...worst);
    this.#worst.sort((a, b) => b.ms - a.ms).splice(WORST);
    return this;
  }

  /** Longest first. */
  get worst() {
    return this.#worst;
  }

  /** @returns milliseconds, rounded up to the end of a bucket */
  quantile(share) {
    const entries = Object.entries(this.#buckets).sort(([a], [b]) => Number(a) - Number(b));
    const total = entries.reduce((sum, [, count]) => sum + count, 0);
    let seen = 0;
    for (const [bucket, count] of entries) {
      seen += count;
      if (seen >= total * share) return 2 ** (Number(bucket) / PER_DOUBLING);
    }
    return 0;
  }

  toJSON() {
    return { buckets: this.#buckets, worst: this.#worst };
  }
}
