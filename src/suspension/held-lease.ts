import type { SuspensionStore } from '../api/suspension-store.js';
import { repeatForApplication } from '../support/timers.js';
import { ask } from './store-calls.js';
import type { StoreClock } from './store-clock.js';

/** Renewed long before it ends. */
const RENEWALS_PER_LEASE = 3;

/** A lease that is renewed until {@link end}. */
export class HeldLease {
  readonly #lost = new AbortController();
  readonly #end: () => void;

  constructor(store: SuspensionStore, clock: StoreClock, leaseMs: number, id: string, fence: number) {
    const renew = async () => {
      if (await ask(() => store.renew(id, fence, clock.now() + leaseMs))) return;
      this.end();
      this.#lost.abort(new Error('another process resumes the handler'));
    };
    // A store that fails now may answer the next time: the lease says how long that may take.
    this.#end = repeatForApplication(() => void renew().catch(() => {}), leaseMs / RENEWALS_PER_LEASE);
  }

  /** Aborted if another caller has it now, or it was settled: nothing of what is executed counts. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  end(): void {
    this.#end();
  }
}
