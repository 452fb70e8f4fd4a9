import { FULFILLED, PENDING, REJECTED } from '../abi.js';
import { awaitsAll, denials, honoursToJson, hostCalls } from './admission.js';
import { codeOf, notTransferable } from './coded-error.js';
import { allowAccessors, readText, snapshot } from './copy.js';
import { type Effect, events, logs, viewCommands } from './effects.js';
import { calls, callsBefore, countUpTo } from './extensions.js';
import { hasOwn, type Keyed, nullArray, nullObject, TypeErrorConstructor, text } from './intrinsics.js';
import { readKeys } from './reads.js';
import { isReached, listChanges, reached, takeMutations } from './state.js';
import { marker } from './tagged-values.js';
import { describeThrown } from './thrown.js';
import { isError } from './value-kinds.js';

let status = PENDING;
let value: unknown;
let mutations: unknown[] = nullArray<unknown>([]);
let isSettled = false;
let isSanitizing = false;
let wasDenied = false;
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
  return isWaiting() ? true : undefined;
}

function isWaiting(): boolean {
  if (calls.length === 0) return false;
  return status === PENDING || (status === FULFILLED && countUpTo(leftUpTo) < calls.length);
}

/** The host has answers: everything so far was delivered. */
export function continueOutcome(): void {
  allowAccessors(true);
  isSettled = false;
  isSanitizing = false;
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
  allowAccessors(false);
  if (compared === undefined && !isSettled && isReached()) return reached;
  isSettled = true;
  try {
    if (changed !== undefined) listChanges(changed);
  } catch (error) {
    wasDenied = codeOf(error as object)?.[0] === 'PERMISSION_DENIED';
    reject(error);
  }
  mutations = takeMutations();
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

/**
 * After the engine refused to write it: the value in a form that it can write. Accessors and methods of the handler are called for
 * that; the host compares the state after them, and then asks for {@link sanitizedOutcome}.
 */
export function settleValue(): void {
  isSanitizing = true;
  allowAccessors(true);
  isSettled = false;
  // The value stays in the VM until what the handler began has ended.
  if (status === FULFILLED && isWaiting()) return;
  const what = status === REJECTED ? 'error' : 'returnValue';
  for (let tries = 0; tries < 2; tries++) {
    try {
      // The description of an error was copied when it was thrown.
      if (status !== REJECTED) value = snapshot(value, what);
      else if (hasOwn(value as Keyed, 'thrown')) {
        (value as Keyed)['thrown'] = snapshot((value as Keyed)['thrown'], 'error.thrown');
      }
      break;
    } catch (error) {
      // At the second time it is what an accessor threw that cannot leave.
      reject(tries === 0 ? asNotTransferable(error, what) : notTransferable(what, 'a value of a kind'));
    }
  }
}

/**
 * After {@link settleValue}: the outcome in forms that the engine can write. What cannot leave at all is left out and turned into an
 * error that names it.
 */
export function sanitizedOutcome(): unknown[] {
  let failure: unknown;
  allowAccessors(true);
  const keep = (effects: Effect[], at: number, name: (effect: Effect) => string): Effect[] => {
    const kept = nullArray<Effect>([]);
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect;
      const path = name(effect);
      try {
        effect[at] = snapshot(effect[at], path);
        kept[kept.length] = effect;
      } catch (error) {
        failure ??= asNotTransferable(error, path);
      }
    }
    return kept;
  };
  if (!isSettled && isReached()) failure ??= notTransferable('$state', 'nested too deeply or changed into something');
  mutations = keep(takeMutations() as Effect[], 2, (mutation) => text('$state.', mutation[1] as string));
  if (failure !== undefined) reject(failure);
  return outcome();
}

/** Copying a deeply nested value takes more stack than creating it: this is not recursion of the handler. */
function asNotTransferable(error: unknown, path: string): unknown {
  const message = isError(error) && codeOf(error) === undefined ? readText(error, 'message') : undefined;
  const isStackOverflow = message === 'stack overflow' || message === 'Maximum call stack size exceeded';
  return isStackOverflow ? notTransferable(path, 'nested too deeply') : error;
}

/** The last resort, if the engine refuses even that. */
export function fallbackOutcome(): unknown[] {
  mutations = nullArray<unknown>([]);
  reject(notTransferable('returnValue', 'a value of a kind'));
  return outcome();
}
