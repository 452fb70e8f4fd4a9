import { invalidArgument } from '../config/check.js';

/** 1 January 2025, 00:00 UTC: any day will do that is the same tomorrow. */
export const DEFAULT_NOW = Date.UTC(2025, 0, 1);

/** The time of a test runtime: what handlers see, and when suspensions expire. It stands until somebody moves it. */
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
   * Moves it. A handler that executes sees it when it goes on after its next `await` of an extension.
   *
   * @param ms milliseconds from 0: time does not go back
   * @throws NexusError INVALID_ARGUMENT
   */
  advance(ms: number): void {
    if (typeof ms !== 'number' || !(ms >= 0) || !Number.isFinite(ms)) {
      throw invalidArgument('ms', ms, 'a number of milliseconds from 0');
    }
    this.#now += ms;
  }

  /**
   * Sets it to any time.
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
