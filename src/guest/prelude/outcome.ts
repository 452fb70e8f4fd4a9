import { FULFILLED, PENDING, REJECTED } from '../abi.js';
import { denials, hostCalls } from './admission.js';
import { codeOf, notTransferable } from './coded-error.js';
import { allowAccessors, readText, snapshot } from './copy.js';
import { type Effect, events, logs, viewCommands } from './effects.js';
import { calls } from './extensions.js';
import { hasOwn, type Keyed, nullArray, nullObject, text } from './intrinsics.js';
import { readKeys } from './reads.js';
import { isReached, listChanges, reached, takeMutations } from './state.js';
import { marker } from './tagged-values.js';
import { describeThrown } from './thrown.js';
import { isError } from './value-kinds.js';

let status = PENDING;
let value: unknown;
let mutations: unknown[] = nullArray<unknown>([]);
let isSettled = false;
let wasDenied = false;

export function fulfil(returned: unknown): void {
  status = FULFILLED;
  value = returned;
}

export function reject(thrown: unknown): void {
  status = REJECTED;
  value = describeThrown(thrown);
}

/** Something when the handler waits for an extension, else undefined. */
export function waits(): true | undefined {
  return status === PENDING && calls.length > 0 ? true : undefined;
}

/** The host has answers: what happened up to now was delivered. */
export function continueOutcome(): void {
  allowAccessors(true);
  isSettled = false;
  wasDenied = false;
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

/** {@link reached} in a form that the engine can write; undefined in place of what cannot leave. */
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
 * The outcome.
 *
 * @param compared absent, and the answer may be {@link reached}: the host has to compare it with what it was, and ask again with it
 * @param changed for each pair of it whether it was changed, true when all of it was, undefined when nothing was
 */
export function collect(compared?: unknown[], changed?: boolean[] | true): unknown[] {
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

/** Something when {@link collect} found a change that the handler may not make, else undefined. */
export function deniedMutation(): true | undefined {
  return wasDenied ? true : undefined;
}

/** In the order of `OUTCOME_FIELDS`. */
function outcome(): unknown[] {
  const outstanding = calls.length === 0 ? undefined : calls;
  const denied = denials.length === 0 ? undefined : denials;
  return [marker, status, value, mutations, events, viewCommands, logs, hostCalls, outstanding, denied, readKeys()];
}

/**
 * After the engine refused to write it: the outcome in forms that it can write. What cannot leave at all is left out and turned
 * into an error that names it.
 */
export function sanitizedOutcome(): unknown[] {
  let failure: unknown;
  const keep = (effects: Effect[], at: number, name: (effect: Effect) => string): Effect[] => {
    const kept = nullArray<Effect>([]);
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect;
      const path = name(effect);
      try {
        effect[at] = snapshot(effect[at], path);
        kept[kept.length] = effect;
      } catch (error) {
        failure ??= asUncrossable(error, path);
      }
    }
    return kept;
  };
  try {
    // What describes an error was copied when it was thrown.
    if (status !== REJECTED) value = snapshot(value, 'returnValue');
    else if (hasOwn(value as Keyed, 'thrown')) {
      (value as Keyed)['thrown'] = snapshot((value as Keyed)['thrown'], 'returnValue');
    }
  } catch (error) {
    failure = asUncrossable(error, 'returnValue');
  }
  if (!isSettled && isReached()) failure ??= notTransferable('$state', 'nested too deeply or changed into something');
  mutations = keep(takeMutations() as Effect[], 2, (mutation) => text('$state.', mutation[1] as string));
  if (failure !== undefined) reject(failure);
  return outcome();
}

/** To copy what is nested deeply takes more stack than to make it: that is no recursion of the handler's. */
function asUncrossable(error: unknown, path: string): unknown {
  const message = isError(error) && codeOf(error) === undefined ? readText(error, 'message') : undefined;
  const isStackOverflow = message === 'stack overflow' || message === 'Maximum call stack size exceeded';
  return isStackOverflow ? notTransferable(path, 'nested too deeply') : error;
}

/** The last resort: an engine that refuses even that. */
export function fallbackOutcome(): unknown[] {
  mutations = nullArray<unknown>([]);
  reject(notTransferable('returnValue', 'a value of a kind'));
  return outcome();
}
