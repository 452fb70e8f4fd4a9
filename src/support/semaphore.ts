/** Limits how many callers run at the same time; the others wait in order of arrival. */
export class Semaphore {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  async take<T>(run: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await run();
    } finally {
      leave();
    }
  }

  /** Resolves when it is the caller's turn, with a function that ends the turn. */
  async enter(): Promise<() => void> {
    // A caller that ends passes its turn on, so that no other caller can take it.
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else this.#leave();
    };
  }

  /** Resolves when no caller runs or waits. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #leave(): void {
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
