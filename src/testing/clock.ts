import { invalidArgument } from '../config/check.js';

/** 1 January 2025, 00:00 UTC: an arbitrary fixed day. */
export const DEFAULT_NOW = Date.UTC(2025, 0, 1);

/**
 * The clock of a test runtime: the time that handlers see, and by which suspensions expire. It is frozen
 * until it is moved.
 */
export class TestClock {
  #now: number;

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
   * extension.
   *
   * @param ms milliseconds, at least 0
   * @throws NexusError INVALID_ARGUMENT
   */
  advance(ms: number): void {
    if (typeof ms !== 'number' || !(ms >= 0) || !Number.isFinite(ms)) {
      throw invalidArgument('ms', ms, 'a number of milliseconds from 0');
    }
    this.#now += ms;
  }

  /**
   * Sets the clock to any time.
   *
   * @param now milliseconds since the epoch, or a Date
   * @throws NexusError INVALID_ARGUMENT
   */
  set(now: number | Date): void {
    this.#now = milliseconds('now', now);
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function milliseconds(field: string, time: number | Date): number {
  const ms = time instanceof Date ? time.getTime() : time;
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  throw invalidArgument(field, time, 'milliseconds since the epoch, or a valid Date');
}
