import { denials, hostCalls } from './admission.js';
import { codeOf, uncrossable } from './coded-error.js';
import { refuseAccessors, snapshot } from './crossing.js';
import { type Effect, events, logs, viewCommands } from './effects.js';
import { calls } from './extensions.js';
import { marker } from './forms.js';
import { nullArray, nullObject, text } from './intrinsics.js';
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
export function reached(): unknown[] {
  return reachedValues() ?? nullArray<unknown>([marker]);
}

/** {@link reached} in a form that the engine can write; undefined in place of what cannot leave. */
export function reachedForms(): unknown[] {
  const values = reached();
  const forms = nullArray<unknown>([marker]);
  for (let i = 1; i < values.length; i += 2) {
    forms[i] = values[i];
    try {
      forms[i + 1] = snapshot(values[i + 1], '$state');
    } catch {
      forms[i + 1] = undefined;
    }
  }
  return forms;
}

/**
 * Lists what was changed inside among the mutations.
 *
 * @param changed for each key of {@link reached}, in order, whether it was
 * @returns undefined, or something when the handler may not change one of them: then the outcome is that error
 */
export function settle(changed: boolean[]): unknown {
  isSettled = true;
  try {
    listChanges(changed);
    return undefined;
  } catch (error) {
    reject(error);
    return codeOf(error as object)?.[0] === 'PERMISSION_DENIED' ? true : undefined;
  }
}

/** The outcome; undefined when the host has to {@link settle} first what was {@link reached}. */
export function collect(): unknown[] | undefined {
  refuseAccessors();
  if (!isSettled && reachedValues() !== undefined) return undefined;
  mutations = takeMutations();
  return outcome();
}

function outcome(): unknown[] {
  const outstanding = calls.length === 0 ? undefined : calls;
  const denied = denials.length === 0 ? undefined : denials;
  return [marker, status, value, mutations, events, viewCommands, logs, hostCalls, outstanding, denied, readKeys()];
}

/**
 * After the engine refused to write it: the outcome in forms that it can write. What cannot leave at all is left out and turned
 * into an error that names it.
 */
export function salvage(): unknown[] {
  let failure: unknown;
  const keep = (effects: Effect[], at: number, name: (effect: Effect) => string): Effect[] => {
    const kept = nullArray<Effect>([]);
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as Effect;
      try {
        effect[at] = snapshot(effect[at], name(effect));
        kept[kept.length] = effect;
      } catch (error) {
        failure ??= error;
      }
    }
    return kept;
  };
  try {
    value = snapshot(value, 'returnValue');
  } catch (error) {
    failure = error;
  }
  if (!isSettled && reachedValues() !== undefined)
    failure ??= uncrossable('$state', 'nested too deeply or changed into something');
  mutations = keep(takeMutations() as Effect[], 2, (mutation) => text('$state.', mutation[1] as string));
  if (failure !== undefined) reject(failure);
  return outcome();
}

/** The last resort: an engine that refuses even that. */
export function admitDefeat(): unknown[] {
  mutations = nullArray<unknown>([]);
  reject(uncrossable('returnValue', 'a value of a kind'));
  return outcome();
}
