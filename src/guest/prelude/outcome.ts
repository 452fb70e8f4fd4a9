import { FULFILLED, PENDING, REJECTED } from '../abi.js';
import { awaitsAll, CLOSED, denials, enterPhase, honoursToJson, hostCalls, READING, RUNNING } from './admission.js';
import { codedError, codeOf, notTransferable } from './coded-error.js';
import { snapshot } from './copy.js';
import { events, logs, viewCommands } from './effects.js';
import { calls, callsBefore, countUpTo } from './extensions.js';
import { nullArray, nullObject, TypeErrorConstructor, text } from './intrinsics.js';
import { clearWeakTimers } from './own-calls/timer-calls.js';
import { forgetRead, placeOfRead, readFrom } from './reading.js';
import { readKeys } from './reads.js';
import { isReached, listChanges, reached, takeMutations, unlistChanges } from './state.js';
import { asNotTransferable, copyState, countFirstReads } from './state-copies.js';
import { marker } from './tagged-values.js';
import { describeThrown } from './thrown.js';

let status = PENDING;
let value: unknown;
let mutations: unknown[] = nullArray<unknown>([]);
let isSettled = false;
let isSanitizing = false;
let wasDenied = false;
/** Whether {@link value} is a copy. */
let isValueRead = false;
/** What could not be read of the state. */
let failure: unknown;
/** Once the handler has ended: calls up to this number are left behind. */
let leftUpTo = 0;

/** After a suspension the host may say so again. */
export function fulfil(returned: unknown): void {
  if (status !== PENDING) return;
  status = FULFILLED;
  leftUpTo = awaitsAll ? 0 : callsBefore();
  value = returned;
}

export function reject(thrown: unknown): void {
  status = REJECTED;
  value = describeThrown(thrown);
}

/** A value if the handler waits for an extension, otherwise undefined. */
export function waits(): true | undefined {
  // The host asks this of a handler that made calls, before anything else.
  if (status === FULFILLED) clearWeakTimers();
  return isWaiting() ? true : undefined;
}

function isWaiting(): boolean {
  if (calls.length === 0) return false;
  return status === PENDING || (status === FULFILLED && countUpTo(leftUpTo) < calls.length);
}

/** The host has answers: everything so far was delivered. */
export function continueOutcome(): void {
  enterPhase(RUNNING);
  forgetRead();
  isSettled = false;
  isSanitizing = false;
  isValueRead = false;
  rounds = 0;
  failure = undefined;
  wasDenied = false;
}

/**
 * The jobs are done, and some rejected promises are unhandled. An error that the handler itself threw is more
 * important. A handler that waits for an answer will be resumed and may handle them then.
 *
 * @param count their number
 * @param reasons the reason of the first, if it is known. As a rest parameter it stays alive even if its
 *   promise does not
 */
export function noteRejection(count: number, ...reasons: unknown[]): void {
  if (status === REJECTED || (status === PENDING && calls.length > 0)) return;
  let description = nullObject();
  try {
    if (reasons.length > 0) description = describeThrown(reasons[0]);
  } catch {
    // It cannot be converted to a string.
  }
  description['unhandledRejections'] = count;
  status = REJECTED;
  value = description;
}

/** {@link reached} in a form that the engine can write; undefined in place of values that cannot leave. */
export function reachedForms(): unknown[] {
  const forms = nullArray<unknown>([marker]);
  for (let i = 1; i < reached.length; i += 2) {
    forms[i] = reached[i];
    try {
      forms[i + 1] = snapshot(reached[i + 1], '$state');
    } catch {
      forms[i + 1] = undefined;
    }
  }
  return forms;
}

/**
 * Returns the outcome.
 *
 * @param compared absent in the first call. If the answer is {@link reached}, the host compares it with the
 *   original values and calls again with it
 * @param changed for each pair, whether it was changed; true if all were, undefined if none was
 */
export function collect(compared?: unknown[], changed?: boolean[] | true): unknown[] {
  // The engine would write what has a `toJSON` as a plain object.
  if (honoursToJson && !isSanitizing) throw new TypeErrorConstructor('to be sanitized');
  if (compared === undefined && !isSettled && isReached()) {
    enterPhase(CLOSED);
    return reached;
  }
  isSettled = true;
  try {
    if (changed !== undefined) {
      enterPhase(READING);
      listChanges(changed);
    }
  } catch (error) {
    wasDenied = codeOf(error as object)?.[0] === 'PERMISSION_DENIED';
    reject(error);
  }
  mutations = takeMutations();
  enterPhase(CLOSED);
  return outcome();
}

/** A value if {@link collect} found a change that the handler may not make, otherwise undefined. */
export function deniedMutation(): true | undefined {
  return wasDenied ? true : undefined;
}

/** The fields in the order of `OUTCOME_FIELDS`. */
function outcome(): unknown[] {
  const outstanding = calls.length === 0 ? undefined : calls;
  // What it returned stays until what it began has ended, too.
  const continues = status === FULFILLED && isWaiting();
  const said = continues ? PENDING : status;
  const result = continues ? undefined : value;
  const left = continues ? countUpTo(leftUpTo) : 0;
  const denied = denials.length === 0 ? undefined : denials;
  const reads = readKeys();
  return [marker, said, result, mutations, events, viewCommands, logs, hostCalls, outstanding, denied, reads, left];
}

/** Each time jobs of what was read have changed the state to something else that is to be read. */
const MAX_ROUNDS = 20;
let rounds = 0;

/**
 * After the engine refused to write it: everything in forms that it can write. Getters, `toJSON` and traps of the handler are called for
 * that, and may have begun work: when its jobs are done, the host calls this again. When nothing was read for the first time it compares
 * the state, and asks for {@link sanitizedOutcome}.
 *
 * @returns a value if something was read for the first time, otherwise undefined
 */
export function settleValue(): true | undefined {
  const before = countFirstReads();
  isSanitizing = true;
  isSettled = false;
  enterPhase(READING);
  unlistChanges();
  // The value stays in the VM until what the handler began has ended. The description of an error was copied when it was thrown.
  let isNew = false;
  if (status === FULFILLED && !isValueRead && !isWaiting()) {
    isValueRead = true;
    isNew = true;
    try {
      readFrom('returnValue');
      value = snapshot(value, 'returnValue');
    } catch (error) {
      reject(asNotTransferable(error, 'returnValue'));
    }
  }
  failure ??= copyState();
  if (!isNew && countFirstReads() === before) return undefined;
  if (++rounds < MAX_ROUNDS) return true;
  const path = placeOfRead();
  failure ??= codedError('SERIALIZATION_ERROR', text(path, ' begins other work each time it is read'), { path });
  return undefined;
}

/** After {@link settleValue}: the outcome. What cannot leave at all is left out and turned into an error that names it. */
export function sanitizedOutcome(): unknown[] {
  if (!isSettled && isReached()) failure ??= notTransferable('$state', 'nested too deeply or changed into something');
  enterPhase(READING);
  if (failure !== undefined) reject(failure);
  mutations = takeMutations();
  enterPhase(CLOSED);
  return outcome();
}

/** The last resort, if the engine refuses even that. */
export function fallbackOutcome(): unknown[] {
  mutations = nullArray<unknown>([]);
  reject(notTransferable('returnValue', 'a value of a kind'));
  return outcome();
}
