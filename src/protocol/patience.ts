import { availableParallelism } from 'node:os';

/** Who looks for longer takes more of the processor than waking a thread that sleeps costs. */
const LONGEST_MS = 0.3;
/** Where messages take longer, one of so many is looked for, in case they would be quicker to one who looks. */
const RETRY_AFTER = 16;
/** How much the last message counts. */
const WEIGHT = 1 / 4;
/** It is looked for until twice its usual time, and this. */
const SPARE_MS = 0.03;
/** With one core, looking keeps the other thread from answering. */
const HAS_CORES = availableParallelism() > 1;

/** How long a thread looks for a message before it sleeps, where one is likely to come at once: by how long the last ones took. */
export class Patience {
  #usualMs = LONGEST_MS / 2;
  #slow = 0;

  /** In milliseconds, for the next message. */
  get ms(): number {
    if (!HAS_CORES) return 0;
    if (this.#usualMs <= LONGEST_MS) return Math.min(LONGEST_MS, 2 * this.#usualMs + SPARE_MS);
    this.#slow++;
    return this.#slow % RETRY_AFTER === 0 ? LONGEST_MS : 0;
  }

  /** @param waitedMs from when the thread began to wait until the message came, asleep or not */
  note(waitedMs: number): void {
    // One that came very late says no more than that.
    const waited = Math.min(waitedMs, 2 * LONGEST_MS);
    this.#usualMs += (waited - this.#usualMs) * WEIGHT;
  }
}
