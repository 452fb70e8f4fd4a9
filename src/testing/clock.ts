import { invalidArgument } from '../config/check.js';

/** 1 January 2025, 00:00 UTC: an arbitrary fixed day. */
export const DEFAULT_NOW = Date.UTC(2025, 0, 1);

/**
 * The clock of a test runtime: the time that handlers see, and by which suspensions expire. It is frozen
 * until it is moved.
 */
export class TestClock {
  #now: number;
  /** What rings when a time is reached. */
  readonly #alarms = new Set<Alarm>();

  /** @throws NexusError INVALID_ARGUMENT */
  constructor(now: number | Date = DEFAULT_NOW) {
    this.#now = milliseconds('now', now);
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#now;
  }

  /**
   * Advances the clock. An executing handler sees the new time when it resumes after its next `await` of an
   * extension. Timers that are due then ring.
   *
   * @param ms milliseconds, at least 0
   * @throws NexusError INVALID_ARGUMENT
   */
  advance(ms: number): void {
    if (typeof ms !== 'number' || !(ms >= 0) || !Number.isFinite(ms)) {
      throw invalidArgument('ms', ms, 'a number of milliseconds from 0');
    }
    this.#move(this.#now + ms);
  }

  /**
   * Sets the clock to any time.
   *
   * @param now milliseconds since the epoch, or a Date
   * @throws NexusError INVALID_ARGUMENT
   */
  set(now: number | Date): void {
    this.#move(milliseconds('now', now));
  }

  /**
   * Rings once when the clock has been moved to a time, or past it.
   *
   * @param isIdle whether nothing else can happen before: then the clock moves there by itself
   * @returns what calls it off
   * @internal
   */
  alarm(atMs: number, ring: () => void, isIdle: boolean): () => void {
    const alarm = { atMs, ring };
    this.#alarms.add(alarm);
    const look = () => {
      if (this.#alarms.has(alarm)) this.#move(isIdle ? Math.max(this.#now, atMs) : this.#now);
    };
    // Never at once: what it ends may not have begun.
    if (isIdle || atMs <= this.#now) void Promise.resolve().then(look);
    return () => this.#alarms.delete(alarm);
  }

  #move(now: number): void {
    this.#now = now;
    for (const alarm of [...this.#alarms]) {
      if (alarm.atMs > now) continue;
      this.#alarms.delete(alarm);
      alarm.ring();
    }
  }
}

interface Alarm {
  readonly atMs: number;
  readonly ring: () => void;
}

/** @throws NexusError INVALID_ARGUMENT */
export function milliseconds(field: string, time: number | Date): number {
  const ms = time instanceof Date ? time.getTime() : time;
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  throw invalidArgument(field, time, 'milliseconds since the epoch, or a valid Date');
}
