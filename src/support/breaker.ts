import { performance } from './timers.js';

/** How many failures in a row switch something off, and for how long. */
export interface BreakerOptions {
  readonly failures: number;
  readonly offMs: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
}

/** Switches off something that fails again and again. When its time is over, one call tries whether it works again. */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #offUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get isOff(): boolean {
    return this.#failures >= this.#options.failures && this.#now() < this.#offUntilMs;
  }

  /** Whether a call may be made now. Its outcome is told by {@link succeeded} or {@link failed}. */
  allows(): boolean {
    if (this.#failures < this.#options.failures) return true;
    if (this.#now() < this.#offUntilMs) return false;
    // This call is the one that tries it.
    this.#offUntilMs = this.#now() + this.#options.offMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** @returns whether this failure switched it off */
  failed(): boolean {
    this.#failures++;
    if (this.#failures < this.#options.failures) return false;
    this.#offUntilMs = this.#now() + this.#options.offMs;
    return this.#failures === this.#options.failures;
  }
}
