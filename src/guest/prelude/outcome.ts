import { denials, hostCalls } from './admission.js';
import { uncrossable } from './coded-error.js';
import { refuseAccessors, snapshot } from './crossing.js';
import { type Effect, events, logs, viewCommands } from './effects.js';
import { calls } from './extensions.js';
import { marker } from './forms.js';
import { nullArray, nullObject } from './intrinsics.js';
import { listChanges, reachedValues, readKeys, takeMutations } from './state.js';
import { describeThrown } from './thrown.js';

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

let status = PENDING;
let value: unknown;
let mutations: unknown[] = nullArray<unknown>([]);
let isSettled = false;

export function fulfil(returned: unknown): void {
  status = FULFILLED;
  value = returned;
}

export function reject(thrown: unknown): void {
  status = REJECTED;
  value = describeThrown(thrown);
}

/**
 * The jobs are done and promises are rejected that nobody handles. What the handler itself threw says more than that; one
 * that waits for an answer goes on when it comes, and may handle them then.
 *
 * @param count how many
 * @param reasons that of the first, where it is known. As a rest parameter it lives on even if its promise does not
 */
export function noteRejection(count: number, ...reasons: unknown[]): void {
  if (status === REJECTED || (status === PENDING && calls.length > 0)) return;
  let description = nullObject();
  try {
    if (reasons.length > 0) description = describeThrown(reasons[0]);
  } catch {
    // It cannot be made text.
  }
  description['unhandledRejections'] = count;
  status = REJECTED;
  value = description;
}

/** What the host has to compare with what it was, see {@link reachedValues}. */
