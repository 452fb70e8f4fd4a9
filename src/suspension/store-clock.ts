import type { SuspensionStore } from '../api/suspension-store.js';
import type { SuspendedRun } from '../execution/suspended-run.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { performance } from '../support/timers.js';
import { ask } from './store-calls.js';

/** A run with its times by another clock, which is ahead by some milliseconds: timers are due at the same moment. */
export function atOffset(run: SuspendedRun, offsetMs: number): SuspendedRun {
  if (offsetMs === 0) return run;
  const by = (atMs: number) => Math.max(0, Math.round(atMs + offsetMs));
  const timers = run.timers?.map(({ callId, dueAtMs }) => ({ callId, dueAtMs: by(dueAtMs) }));
  return { ...run, suspendedAtMs: by(run.suspendedAtMs), ...(timers && { timers }) };
}

/** Clocks of machines drift by less than a tenth of a second in this time. */
const ASKED_EVERY_MS = 60_000;

/**
 * The time by which all processes that share a store compare leases and expiries: the store's, if it has a clock, else that of this
 * machine.
 */
export class StoreClock {
  readonly #store: SuspensionStore;
  readonly #environment: RuntimeEnvironment;
  #offsetMs = 0;
  #asking: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(store: SuspensionStore, environment: RuntimeEnvironment) {
    this.#store = store;
    this.#environment = environment;
  }

  /** How much later it is by the store's clock than by that of this machine, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Milliseconds since the epoch, a whole number. */
  now(): number {
    return Math.max(0, Math.round(this.#environment.now() + this.#offsetMs));
  }

  /**
   * Resolves when the store's time is known, with {@link now}. The store is asked at first, and then once a minute.
   *
   * @throws NexusError INTERNAL_ERROR if it was never known
   */
  async current(): Promise<number> {
    if (this.#store.time !== undefined && performance.now() - this.#askedAt >= ASKED_EVERY_MS) await this.#ask();
    return this.now();
  }

  async #ask(): Promise<void> {
    this.#asking ??= this.#compare().finally(() => {
      this.#asking = undefined;
    });
    try {
      await this.#asking;
    } catch (error) {
      if (this.#askedAt === Number.NEGATIVE_INFINITY) throw error;
      // The last comparison is good for longer than a minute.
    }
  }

  async #compare(): Promise<void> {
    const before = this.#environment.now();
    const theirs = await ask(async () => this.#store.time?.());
    if (theirs === undefined) return;
    if (!Number.isFinite(theirs)) throw new TypeError(`time() of the suspensionStore gave ${String(theirs)}`);
    this.#offsetMs = theirs - (before + this.#environment.now()) / 2;
    this.#askedAt = performance.now();
  }
}
