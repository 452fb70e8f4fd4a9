import { clearInterval, setInterval } from '../support/timers.js';

const INTERVAL_MS = 5;

/**
 * A timer that ticks while there is work: one for all workers, because a timer for each execution would cost
 * more than many executions. It also keeps the process alive until the work is done.
 */
export class WatchdogTimer {
  readonly #look: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param look called at every tick; returns whether there is still work */
  constructor(look: () => boolean) {
    this.#look = look;
  }

  /** There is work now. */
  wake(): void {
    if (this.#timer !== undefined) this.#timer.ref();
    else this.#timer = setInterval(() => this.#tick(), INTERVAL_MS);
  }

  /** There may be no more work: the process need not wait for the next tick. */
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
