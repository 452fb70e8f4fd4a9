import type { RateLimit } from '../../runtime/quota/memory-quota.js';

/** Addresses are unlimited; those that are not seen for longest are forgotten. */
const MAX_KEYS = 10_000;

interface Bucket {
  /** Requests that may come now; fractions are on their way. */
  saved: number;
  savedAtMs: number;
}

/** A token bucket for each key. */
export class RateLimiter {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds, of a clock that is never set back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes one request, if there is one.
   *
   * @returns when there is one, in milliseconds from now; undefined if it was taken
   */
  take(key: string, { executions, perMs }: RateLimit): number | undefined {
    const now = this.#now();
    const bucket = this.#buckets.get(key) ?? { saved: executions, savedAtMs: now };
    bucket.saved = Math.min(executions, bucket.saved + ((now - bucket.savedAtMs) * executions) / perMs);
    bucket.savedAtMs = now;
    // Last in the order of the map.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_KEYS) this.#buckets.delete(this.#buckets.keys().next().value as string);
    if (bucket.saved < 1) return Math.ceil(((1 - bucket.saved) * perMs) / executions);
    bucket.saved--;
    return undefined;
  }
}
