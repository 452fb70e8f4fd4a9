/** A run that cannot go on now is tried again, less and less often. */
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 60_000;
/** Of runs that are remembered. */
const MAX_RUNS = 10_000;

interface Pause {
  readonly untilMs: number;
  readonly pauseMs: number;
}

/** Runs that could not go on, by the store's ids, and when they are tried again. */
export class RunPauses {
  readonly #now: () => number;
  /** The pause that was set last comes last. */
  readonly #pauses = new Map<string, Pause>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many of them must not be tried yet. */
  get count(): number {
    const nowMs = this.#now();
    let count = 0;
    for (const [runId, { untilMs }] of this.#pauses) {
      if (untilMs > nowMs) count++;
      // It was not tried again here: it has ended, or goes on in another process.
      else if (untilMs + LAST_PAUSE_MS <= nowMs) this.#pauses.delete(runId);
    }
    return count;
  }

  /** How many runs are remembered. */
  get size(): number {
    return this.#pauses.size;
  }

  has(runId: string): boolean {
    return (this.#pauses.get(runId)?.untilMs ?? 0) > this.#now();
  }

  /** It could not go on. */
  begin(runId: string): void {
    const before = this.#pauses.get(runId);
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(LAST_PAUSE_MS, 2 * before.pauseMs);
    this.#pauses.delete(runId);
    const [longest] = this.#pauses.keys();
    if (this.#pauses.size >= MAX_RUNS && longest !== undefined) this.#pauses.delete(longest);
    this.#pauses.set(runId, { untilMs: this.#now() + pauseMs, pauseMs });
  }

  /** It went on. */
  end(runId: string): void {
    this.#pauses.delete(runId);
  }
}
