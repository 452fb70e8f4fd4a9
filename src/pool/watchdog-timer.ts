import { clearInterval, setInterval } from '../support/timers.js';

const INTERVAL_MS = 5;

/**
 * A clock that ticks while there is work under way: one for all workers, where a timer for each execution would cost more than many
 * an execution. It also keeps the process alive until the work is done.
 */
export class WatchdogTimer {
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look called at every tick; returns whether there is still something to look after */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  /** There is something to look after now. */
  wake(): void {
    if (this.#timer !== undefined) this.#timer.ref();
    else this.#timer = setInterval(() => this.#tick(), INTERVAL_MS);
  }

  /** There may be nothing left: the process need not wait for the next tick to learn so. */
  rest(): void {
    this.#timer?.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (!this.#look()) this.stop();
  }
}
