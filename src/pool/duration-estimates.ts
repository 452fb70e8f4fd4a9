import { LRUCache } from 'lru-cache';

const MAX_KEYS = 10_000;
/** How much of an estimate each shorter duration replaces: it goes up at once and comes down in some twenty executions. */
const DECAY = 0.1;
/** Of one execution in the mean over all. */
const MEAN_WEIGHT = 0.01;

const DISTRUSTED_US = 10_000_000;

interface Estimate {
  us: number;
}

/** How long executions of a handler take, as far as it is known, in microseconds. */
export class DurationEstimates {
  readonly #estimates = new LRUCache<string, Estimate>({ max: MAX_KEYS });
  #meanUs: number | undefined;

  /** Rather too high than too low; undefined for a handler that was not seen yet. */
  get(key: string): number | undefined {
    return this.#estimates.get(key)?.us;
  }

  /** Of all handlers together; 0 when there was none. */
  get meanUs(): number {
    return this.#meanUs ?? 0;
  }

  /** Something bad came of it: it takes some ninety good executions until it counts as quick again. */
  distrust(key: string): void {
    this.#estimates.set(key, { us: DISTRUSTED_US });
  }

  record(key: string, durationUs: number): void {
    const mean = this.#meanUs ?? durationUs;
    this.#meanUs = mean + (durationUs - mean) * MEAN_WEIGHT;
    const known = this.#estimates.get(key);
    if (known === undefined) this.#estimates.set(key, { us: durationUs });
    else known.us = durationUs > known.us ? durationUs : known.us + (durationUs - known.us) * DECAY;
  }
}
