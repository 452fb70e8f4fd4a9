import { AsyncResource } from 'node:async_hooks';
import { performance, setImmediate } from './timers.js';

/** How long the thread is held at a time, by all that is done in slices together. */
export const SLICE_MS = 8;

/**
 * Goes on with something until a point of time on the clock of `performance.now()`.
 *
 * @returns the result, or undefined while there is more to do
 */
export type Step<T> = (until: number) => { readonly done: T } | undefined;

interface Task {
  /** Returns whether it has ended. */
  readonly goOn: (until: number) => boolean;
}

/** In the order of their turns. */
const waiting: Task[] = [];
/** Whether a turn is to come. */
let isScheduled = false;
/** When this turn of the event loop has had its share; undefined before anything took of it. */
let turnEnds: number | undefined;

/**
 * Does something that may take long without holding the thread: at once as far as there is time in this turn of the event loop, and the
 * rest in slices, in turn with everything else that is done so.
 *
 * @returns the result if it is there at once, otherwise a promise of it
 * @throws, or rejects with, what the step throws
 */
export function inSlices<T>(step: Step<T>): T | Promise<T> {
  if (waiting.length === 0) {
    const until = beginTurn();
    if (performance.now() < until) {
      const result = step(until);
      if (result !== undefined) return result.done;
    }
  }
  return new Promise((resolve, reject) => {
    // In the caller's own context: getters of its values may be called.
    const goOn = AsyncResource.bind((until: number): boolean => {
      try {
        const result = step(until);
        if (result === undefined) return false;
        resolve(result.done);
      } catch (error) {
        reject(error);
      }
      return true;
    });
    waiting.push({ goOn });
    schedule();
  });
}

/** @returns when what is done in slices has had its share of this turn of the event loop */
function beginTurn(): number {
  if (turnEnds === undefined) {
    turnEnds = performance.now() + SLICE_MS;
    setImmediate(endTurn).unref();
  }
  return turnEnds;
}

function endTurn(): void {
  turnEnds = undefined;
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(takeTurn);
}

function takeTurn(): void {
  isScheduled = false;
  const until = performance.now() + SLICE_MS;
  turnEnds = until;
  while (performance.now() < until) {
    const task = waiting.shift();
    if (task === undefined) break;
    if (!task.goOn(until)) waiting.push(task);
  }
  if (waiting.length > 0) schedule();
  else setImmediate(endTurn).unref();
}
