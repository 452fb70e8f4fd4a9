import { availableParallelism } from 'node:os';

/** Longer than most answers take to come; waking a thread that sleeps takes a third of it. */
const LONGEST_MS = 0.15;
/** After so many vain waits in a row, only one of {@link RETRY_AFTER} is tried. */
const MAX_VAIN = 3;
const RETRY_AFTER = 16;
/** With one core, looking keeps the other thread from answering. */
const HAS_CORES = availableParallelism() > 1;

/**
 * How long a thread looks for a message before it sleeps, where one is likely to come at once. What it looked for in vain
 * lately, it does not look for.
 */
export class Patience {
  #vain = 0;

  /** In milliseconds, for the next message. */
  get ms(): number {
    if (!HAS_CORES) return 0;
    if (this.#vain < MAX_VAIN) return LONGEST_MS;
    this.#vain++;
    return this.#vain % RETRY_AFTER === 0 ? LONGEST_MS : 0;
  }

  /** @param came whether it came while the thread looked */
  note(came: boolean): void {
    if (came) this.#vain = 0;
    else if (this.#vain < MAX_VAIN) this.#vain++;
  }
}
