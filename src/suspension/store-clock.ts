import type { SuspensionStore } from '../api/suspension-store.js';
import type { PendingTimer, SuspendedRun } from '../execution/suspended-run.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { performance } from '../support/timers.js';
import { ask } from './store-calls.js';

/** Clocks of machines drift by less than a tenth of a second in this time. */
const ASKED_EVERY_MS = 60_000;
/** A comparison is repeated while it says less than this: the first one may have waited for a connection. */
const PRECISE_MS = 5;
const MOST_COMPARISONS = 4;
/** Times in whole milliseconds may be so much later than they say. */
const ROUNDING_MS = 1;

/** How much later it is by the store's clock than by that of this machine, in milliseconds: not less than, and not more than. */
interface Offset {
  readonly least: number;
  readonly most: number;
}

const NO_OFFSET: Offset = { least: 0, most: 0 };

/**
 * The time by which all processes that share a store compare leases and expiries: the store's, if it has a clock, else that of this
 * machine.
 *
 * A comparison with the store's clock is as good as its answer is fast. Timers must not be early, however slow it is: who sets one takes
 * the store's clock to be as far ahead as it can be, and who looks at it as far behind.
 */
export class StoreClock {
  readonly #store: SuspensionStore;
  readonly #environment: RuntimeEnvironment;
  #offset = NO_OFFSET;
  #asking: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(store: SuspensionStore, environment: RuntimeEnvironment) {
    this.#store = store;
    this.#environment = environment;
  }

  /** Milliseconds since the epoch, a whole number. */
  now(): number {
    return Math.max(0, Math.round(this.#environment.now() + this.#middleMs));
  }

  /** The time that it certainly is: what is due by it is due by everybody's clock. Milliseconds since the epoch, a whole number. */
  atLeast(): number {
    return Math.max(0, Math.floor(this.#environment.now() + this.#offset.least));
  }

  /**
   * Resolves when the store's time is known, with {@link now}. The store is asked at first, which is waited for, and
   * then once a minute, which is not.
   *
   * @throws NexusError INTERNAL_ERROR if it was never known
   */
  async current(): Promise<number> {
    if (this.#store.time === undefined || performance.now() - this.#askedAt < ASKED_EVERY_MS) return this.now();
    this.#asking ??= this.#compare().finally(() => {
      this.#asking = undefined;
    });
    if (this.#askedAt === Number.NEGATIVE_INFINITY) await this.#asking;
    // The last comparison is good for longer than a minute.
    else this.#asking.catch(() => {});
    return this.now();
  }

  /** A run as it is stored: with its times by the store's clock. */
  stored(run: SuspendedRun): SuspendedRun {
    if (this.#offset === NO_OFFSET) return run;
    const timers = run.timers?.map((timer) => ({ callId: timer.callId, dueAtMs: this.timerAtMs(timer) }));
    return { ...run, suspendedAtMs: this.#at(run.suspendedAtMs + this.#middleMs), ...(timers && { timers }) };
  }

  /** A run that was stored: with its times by the clock of this machine. */
  opened(run: SuspendedRun): SuspendedRun {
    if (this.#offset === NO_OFFSET) return run;
    const { least } = this.#offset;
    const timers = run.timers?.map(({ callId, dueAtMs }) => {
      return { callId, dueAtMs: this.#at(dueAtMs - least), storedDueAtMs: dueAtMs };
    });
    return { ...run, suspendedAtMs: this.#at(run.suspendedAtMs - this.#middleMs), ...(timers && { timers }) };
  }

  /** When a timer is due, by the store's clock. One that was stored before has the same time again: else it would be later each time. */
  timerAtMs({ dueAtMs, storedDueAtMs }: PendingTimer): number {
    return storedDueAtMs ?? this.#at(dueAtMs + this.#offset.most);
  }

  /** When the first timer is due, by the store's clock; undefined if none is set. */
  firstTimerAtMs({ timers = [] }: Pick<SuspendedRun, 'timers'>): number | undefined {
    const times = timers.map((timer) => this.timerAtMs(timer));
    return times.length === 0 ? undefined : times.reduce((first, atMs) => Math.min(first, atMs));
  }

  get #middleMs(): number {
    return (this.#offset.least + this.#offset.most) / 2;
  }

  #at(ms: number): number {
    return Math.max(0, Math.ceil(ms));
  }

  async #compare(): Promise<void> {
    let known = await this.#compareOnce();
    for (let count = 1; known.most - known.least > PRECISE_MS && count < MOST_COMPARISONS; count++)
      known = bothOf(known, await this.#compareOnce());
    this.#offset = known;
    this.#askedAt = performance.now();
  }

  async #compareOnce(): Promise<Offset> {
    const before = this.#environment.now();
    const theirs = await ask(async () => this.#store.time?.());
    if (theirs === undefined || !Number.isFinite(theirs))
      throw new TypeError(`time() of the suspensionStore gave ${String(theirs)}`);
    const after = this.#environment.now();
    // The clock of the machine may have been set back meanwhile.
    const [first, last] = before <= after ? [before, after] : [after, before];
    return { least: theirs - last - ROUNDING_MS, most: theirs - first + ROUNDING_MS };
  }
}

/** What two comparisons say together; the later one, if a clock was set between them. */
function bothOf(earlier: Offset, later: Offset): Offset {
  const both = { least: Math.max(earlier.least, later.least), most: Math.min(earlier.most, later.most) };
  return both.least <= both.most ? both : later;
}
