import { RequestRefusal } from './api.js';
import type { LiveState } from './events.js';

const MAX_PAUSE_MS = 30_000;
/** After something was done, what comes of it is soon there. */
const HURRIED_MS = [200, 400, 800, 1_600];

/** Asks again and again while the page is looked at. */
export class Poll {
  readonly #ask: (signal: AbortSignal) => Promise<boolean>;
  readonly #everyMs: number;
  readonly #onState: (state: LiveState, refusal?: RequestRefusal) => void;
  #asking: AbortController | undefined;
  #timer = 0;
  #failures = 0;
  /** Pauses that are short. */
  #hurried: number[] = [];
  #isEnded = false;

  /** @param ask resolves with whether there may be something new later */
  constructor(
    everyMs: number,
    ask: (signal: AbortSignal) => Promise<boolean>,
    onState: (state: LiveState, refusal?: RequestRefusal) => void,
  ) {
    this.#everyMs = everyMs;
    this.#ask = ask;
    this.#onState = onState;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#pause();
      else this.now();
    });
    this.now();
  }

  /** Asks at once: what is under way is given up. */
  now(): void {
    this.#isEnded = false;
    void this.#once();
  }

  /** Asks at once, and soon again a few times. */
  hurry(): void {
    this.#hurried = [...HURRIED_MS];
    this.now();
  }

  #pause(): void {
    window.clearTimeout(this.#timer);
    this.#asking?.abort();
    if (!this.#isEnded) this.#onState('paused');
  }

  async #once(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#asking?.abort();
    const own = new AbortController();
    this.#asking = own;
    try {
      this.#isEnded = !(await this.#ask(own.signal));
      this.#failures = 0;
      this.#onState('live');
    } catch (error) {
      if (own.signal.aborted) return;
      const refusal = error instanceof RequestRefusal ? error : undefined;
      if (refusal === undefined) throw error;
      this.#failures++;
      this.#isEnded = [401, 403, 404, 422].includes(refusal.status);
      this.#onState(this.#isEnded ? 'refused' : 'lost', refusal);
    }
    if (own.signal.aborted || this.#isEnded) return;
    const usualMs = Math.min(MAX_PAUSE_MS, this.#everyMs * 2 ** this.#failures);
    const pauseMs = Math.min(usualMs, this.#hurried.shift() ?? usualMs);
    this.#timer = window.setTimeout(() => void this.#once(), pauseMs);
  }
}
