import { NexusError } from '../errors/nexus-error.js';
import { settleWithin } from './waiting.js';

/** The pending calls, so that a shutdown can wait for them: those that compile, wait or execute. */
export class InFlight {
  #active = 0;
  #closed = false;
  #onIdle: (() => void) | undefined;

  /** @throws NexusError RUNTIME_CLOSED after {@link close} */
  async run<T>(call: () => Promise<T>): Promise<T> {
    this.enter();
    try {
      return await call();
    } finally {
      this.leave();
    }
  }

  /**
   * A call begins; {@link leave} ends it. For who has a `try` anyway: {@link run} is one more promise.
   *
   * @throws NexusError RUNTIME_CLOSED after {@link close}
   */
  enter(): void {
    if (this.#closed) throw runtimeClosed();
    this.#active++;
  }

  leave(): void {
    this.#active--;
    if (this.#active === 0) this.#onIdle?.();
  }

  /** Admits no more and waits for those under way, at most `drainTimeoutMs`. */
  async close(drainTimeoutMs: number): Promise<void> {
    this.#closed = true;
    await this.idle(drainTimeoutMs);
  }

  /** Waits for pending calls, for at most `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#active === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await settleWithin(idle, timeoutMs);
  }
}

export function runtimeClosed(): NexusError {
  return new NexusError('RUNTIME_CLOSED', 'The runtime was shut down; create a new one.');
}
