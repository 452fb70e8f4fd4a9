import { LRUCache } from 'lru-cache';

const MAX_KEYS = 10_000;
/**
 * How much of an estimate each shorter duration replaces: estimates rise at once and fall over some twenty
 * executions.
 */
const DECAY = 0.1;
/** The weight of one execution in the mean of all. */
const MEAN_WEIGHT = 0.01;

const DISTRUSTED_US = 10_000_000;

interface Estimate {
  us: number;
}

/** The expected duration of executions, by handler, in microseconds. */
export class DurationEstimates {
  readonly #estimates = new LRUCache<string, Estimate>({ max: MAX_KEYS });
  #meanUs: number | undefined;

  /** Rather too high than too low; undefined for a handler that was never executed. */
  get(key: string): number | undefined {
    return this.#estimates.get(key)?.us;
  }

  /** The mean over all handlers; 0 if there was no execution. */
  get meanUs(): number {
    return this.#meanUs ?? 0;
  }

  /**
   * An execution caused a problem: some ninety good executions are needed until the handler counts as quick
   * again.
   */
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
