import type { SuspensionStore } from '../api/suspension-store.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { renderReason } from '../support/render-reason.js';
import { repeatForApplication } from '../support/timers.js';
import { ask, isLasting, STORE_PAUSES_MS, sleep } from './store-calls.js';
import type { StoreClock } from './store-clock.js';

/** Renewed long before it ends. */
const RENEWALS_PER_LEASE = 3;
/** How often a release is tried again when its caller no longer waits. */
const RELEASE_EVERY_MS = 1_000;

export interface LeaseParts {
  readonly store: SuspensionStore;
  readonly clock: StoreClock;
  readonly telemetry: Telemetry;
  readonly leaseMs: number;
}

/** A lease that is renewed until {@link end} or {@link release}. */
export class HeldLease {
  readonly #parts: LeaseParts;
  readonly #id: string;
  readonly #fence: number;
  readonly #lost = new AbortController();
  readonly #endRenewals: () => void;
  #endReleases = () => {};
  #onReturned = () => {};
  #hasEnded = false;

  constructor(parts: LeaseParts, id: string, fence: number) {
    this.#parts = parts;
    this.#id = id;
    this.#fence = fence;
    const { store, clock, leaseMs } = parts;
    const renew = async () => {
      if ((await ask(() => store.renew(id, fence, clock.now() + leaseMs))) || this.#hasEnded) return;
      this.end();
      this.#lost.abort(new Error('another process resumes the handler'));
    };
    // A store that fails now may answer the next time: the lease says how long that may take.
    this.#endRenewals = repeatForApplication(() => void renew().catch(() => {}), leaseMs / RENEWALS_PER_LEASE);
  }

  /** Aborted if another caller has it now, or it was settled: nothing of what is executed counts. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  end(): void {
    this.#hasEnded = true;
    this.#endRenewals();
    this.#endReleases();
    this.#onReturned();
  }

  /**
   * Gives it back: as it was, or due otherwise. A store that fails is asked again, and the lease is renewed until it has answered: one that
   * lapses counts as the loss of a process. After the first attempts the caller no longer waits.
   *
   * @param onReturned called when it is no longer held
   */
  async release(next?: { readonly dueAtMs?: number }, onReturned = () => {}): Promise<void> {
    this.#onReturned = onReturned;
    for (const pauseMs of [...STORE_PAUSES_MS, undefined]) {
      const error = await this.#attempt(next);
      if (error === undefined) return;
      if (pauseMs === undefined) this.#releaseLater(error, next);
      else await sleep(pauseMs);
    }
  }

  #releaseLater(error: unknown, next: { readonly dueAtMs?: number } | undefined): void {
    const message = `${this.#id} could not be given back to the store, which is asked again every second. No process can resume it until the store has taken it: ${renderReason(error)}`;
    this.#parts.telemetry.releaseFailed({ code: 'NEXUS_STORE', message });
    let isAsking = false;
    const again = async () => {
      if (isAsking) return;
      isAsking = true;
      await this.#attempt(next);
      isAsking = false;
    };
    this.#endReleases = repeatForApplication(() => void again(), RELEASE_EVERY_MS);
  }

  /** @returns why it has to be tried again */
  async #attempt(next: { readonly dueAtMs?: number } | undefined): Promise<unknown> {
    if (this.#hasEnded) return undefined;
    try {
      await ask(() => this.#parts.store.release(this.#id, this.#fence, next));
    } catch (error) {
      if (!isLasting(error)) return error;
    }
    this.end();
    return undefined;
  }
}
