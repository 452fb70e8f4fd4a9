import { AsyncResource } from 'node:async_hooks';
import { performance, setImmediate } from './timers.js';

/** How long the thread is blocked at a time, by all sliced work together. */
export const SLICE_MS = 8;

/**
 * Continues a task until a point of time on the clock of `performance.now()`.
 *
 * @returns the result, or undefined if the task is not finished
 */
export type Step<T> = (until: number) => { readonly done: T } | undefined;

interface Task {
  /** Continues the task; returns whether it has ended. */
  readonly goOn: (until: number) => boolean;
}

/** In the order of their turns. */
const waiting: Task[] = [];
/** Whether a turn is scheduled. */
let isScheduled = false;
/** The end of the time for sliced work in this turn of the event loop; undefined before it was used. */
let turnEnds: number | undefined;

/**
 * Runs a task that may take long without blocking the thread: at once as far as there is time in this turn of
 * the event loop, and the rest in slices, alternating with all other sliced tasks.
 *
 * @returns the result if the task ends at once, otherwise a promise of it
 * @throws, or rejects with, errors of the step
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
    // In the caller's async context, because getters of its values may be called.
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

/** @returns the time at which sliced work must end in this turn of the event loop */
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
