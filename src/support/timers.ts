// The timers and the clocks of the system, as they were when this module was loaded. A test that replaces the global ones (fake timers of
// vitest and Jest, `mock.timers` of node:test) stops its own time and not that of the runtime, which would wait for ever.
import { performance as clock } from 'node:perf_hooks';
import * as timers from 'node:timers';

/** The clock may be set meanwhile: it is looked at once an hour. */
const MAX_DELAY_MS = 60 * 60 * 1000;

export const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;

/** The clock that never goes back: milliseconds since the start of the thread. */
export const performance = { now: clock.now.bind(clock), timeOrigin: clock.timeOrigin } as const;

/** The system's time, in milliseconds since the epoch. */
export const systemTime: () => number = Date.now;

/**
 * Repeats something by the timers that the application has at that moment, as suspensions expire by its `Date`: a test that moves both sees
 * them expire. Nothing waits for it, and it keeps no process alive.
 *
 * @returns what ends it
 */
export function repeatForApplication(run: () => void, everyMs: number): () => void {
  const timer = globalThis.setInterval(run, everyMs);
  timer.unref();
  return () => globalThis.clearInterval(timer);
}

/**
 * Rings once when a clock of the application has reached a time, by the timers that the application has at that moment: a test that moves
 * both has it ring. A timer may end early, and a clock may be set: the clock decides.
 *
 * @returns what calls it off
 */
export function ringAt(now: () => number, atMs: number, ring: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const leftMs = atMs - now();
    if (leftMs <= 0) ring();
    else timer = globalThis.setTimeout(look, Math.min(Math.ceil(leftMs), MAX_DELAY_MS));
  };
  // Never at once: what it ends may not have begun.
  timer = globalThis.setTimeout(look, Math.min(Math.max(0, Math.ceil(atMs - now())), MAX_DELAY_MS));
  return () => globalThis.clearTimeout(timer);
}

/** Has this module loaded at once, where everything else that imports it is loaded later: a test may have replaced the timers by then. */
export function keepTimers(): void {}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
