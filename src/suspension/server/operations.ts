import { NexusError } from '../../errors/nexus-error.js';
import { storeClosed } from '../views.js';

/** Which operations of a store are under way, and whether it was closed. */
export class Operations {
  readonly #pending = new Set<Promise<unknown>>();
  readonly #open: () => Promise<void>;
  readonly #explain: (error: unknown) => NexusError;
  #opened: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param open called once before the first operation, and again after it failed
   * @param explain makes an error of the medium one of ours
   */
  constructor(open: () => Promise<void>, explain: (error: unknown) => NexusError) {
    this.#open = open;
    this.#explain = explain;
  }

  /** @throws NexusError RUNTIME_CLOSED after {@link close} */
  requireOpen(): void {
    if (this.#isClosed) throw storeClosed();
  }

  /** @throws NexusError */
  run<T>(operation: () => Promise<T>): Promise<T> {
    return this.#track(async () => {
      await this.ready();
      return operation();
    });
  }

  /** Opens the store. */
  async ready(): Promise<void> {
    this.requireOpen();
    this.#opened ??= this.#track(this.#open).catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    await this.#opened;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #track<T>(operation: () => Promise<T>): Promise<T> {
    this.requireOpen();
    const running = operation();
    this.#pending.add(running);
    try {
      return await running;
    } catch (error) {
      throw error instanceof NexusError ? error : this.#explain(error);
    } finally {
      this.#pending.delete(running);
    }
  }
}
