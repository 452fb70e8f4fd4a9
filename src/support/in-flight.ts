import { NexusError } from '../errors/nexus-error.js';
import { settleWithin } from './waiting.js';

/** The pending calls, so that a shutdown can wait for them: those that compile, wait or execute. */
export class InFlight {
  #active = 0;
  #closed = false;
  #onIdle: (() => void) | undefined;

  /** @throws NexusError RUNTIME_CLOSED after {@link close} */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed) throw runtimeClosed();
    this.#active++;
    try {
      return await call();
    } finally {
      this.#active--;
      if (this.#active === 0) this.#onIdle?.();
    }
  }

  /** Accepts no more calls and waits for pending ones, for at most `drainTimeoutMs`. */
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
