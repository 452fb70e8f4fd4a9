// The timers and the clocks of the system, as they were when this module was loaded. A test that replaces the global ones (fake timers of
// vitest and Jest, `mock.timers` of node:test) stops its own time and not that of the runtime, which would wait for ever.
import { performance as clock } from 'node:perf_hooks';
import * as timers from 'node:timers';

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

/** Has this module loaded at once, where everything else that imports it is loaded later: a test may have replaced the timers by then. */
export function keepTimers(): void {}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
