import { availableParallelism } from 'node:os';

/** Who looks for longer takes more of the processor than waking a thread that sleeps costs. */
const LONGEST_MS = 0.3;
/** After so many vain waits in a row, only one of {@link RETRY_AFTER} is tried. */
const MAX_VAIN = 3;
const RETRY_AFTER = 16;
/** How much the last message counts. */
const WEIGHT = 1 / 4;
/** It is looked for until twice its usual time, and this. */
const SPARE_MS = 0.03;
/** With one core, looking keeps the other thread from answering. */
const HAS_CORES = availableParallelism() > 1;

/**
 * How long a thread looks for a message before it sleeps, where one is likely to come at once: by how long those took that it
 * looked for. After a few that did not come in time, it rarely looks.
 */
export class Patience {
  #usualMs = LONGEST_MS / 4;
  #vain = 0;
  #given = 0;

  /** In milliseconds, for the next message. */
  next(): number {
    this.#given = this.#isTried() ? Math.min(LONGEST_MS, 2 * this.#usualMs + SPARE_MS) : 0;
    return this.#given;
  }

  #isTried(): boolean {
    if (!HAS_CORES) return false;
    if (this.#vain < MAX_VAIN) return true;
    this.#vain++;
    return this.#vain % RETRY_AFTER === 0;
  }

  /** @param waitedMs from when the thread began to wait until the message came, asleep or not */
  note(waitedMs: number): void {
    if (this.#given === 0) return;
    if (waitedMs <= this.#given) this.#vain = 0;
    else if (this.#vain < MAX_VAIN) this.#vain++;
    // One that came very late says no more than that.
    this.#usualMs += (Math.min(waitedMs, LONGEST_MS) - this.#usualMs) * WEIGHT;
  }
}
