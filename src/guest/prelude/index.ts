/**
 * The guest's half of the contract, evaluated once while the base image is built.
 *
 * It runs beside untrusted code in one realm. So it keeps its own references to every builtin it uses, never
 * iterates with a protocol that the handler could replace, and stores nothing on an object with a prototype.
 * Its checks are only for convenience, to give errors at the right line; the host checks every effect again.
 */
import { PRELUDE_EXPORTS } from '../abi.js';
import { continueGrants, type EncodedGrant, renewGrants, setGrants } from './admission.js';
import { emit, forgetEffects, log, newLogs, view } from './effects.js';
import { extensions, setRegistry, takeAnswers } from './extensions.js';
import { fixBuffers } from './hardening/buffers.js';
import { apply, define, getPrototypeOf, isArray, type Keyed, nullObject } from './intrinsics.js';
import { install, libraries } from './libraries.js';
import { mend } from './mends/index.js';
import {
  collect,
  continueOutcome,
  deniedMutation,
  fallbackOutcome,
  fulfil,
  noteRejection,
  reachedForms,
  reject,
  sanitizedOutcome,
  settleValue,
  waits,
} from './outcome.js';
import { type Answer, nextTask } from './own-calls/tasks.js';
import { holdPrepared, prepare } from './prepared/prepare.js';
import { copyOfState, countPrepared, forgetPrepared, isSharedInside, notePrepared } from './prepared/values.js';
import {
  continueState,
  enterLeftOut,
  forgetUnreadable,
  guardState,
  openState,
  reached,
  reachedOthers,
  reachedPrepared,
  renewState,
  valuesBefore,
} from './state.js';
import { takeCopies } from './state-copies.js';
import { lastThrown } from './thrown.js';
import { untag } from './untag.js';
import { reserveFeatures } from './web-globals.js';

/** The input of the host, see `protocol/context-encoding.ts`. */
interface Input {
  /** The marker; also in place of values that were left out. */
  readonly 0: object;
  1: Keyed;
  /** Arguments and scope. */
  readonly 2: unknown;
  readonly 3: unknown;
  /** The registry of extensions; undefined if the host passes none. */
  readonly 4: Keyed | undefined;
  /** The name of the entry point; undefined if the host passes none. */
  readonly 5: string | undefined;
  /** Whether an object occurs in more than one place of the context. */
  6: boolean;
  readonly 7: unknown[] | undefined;
}

/** A body is async if it contains the word `await`, see `source/wrapper.ts`. */
type Handler = (entry?: string) => unknown;

mend();
fixBuffers();

const globals = globalThis as Keyed;
define(globals, '$state', undefined);
define(globals, '$args', undefined);
define(globals, '$scope', undefined);
define(globals, '$emit', emit);
define(globals, '$log', log);
define(globals, '$view', view);
define(globals, '$ext', extensions);
define(globals, '$lib', libraries);

/**
 * The promise of the handler; undefined if its value is already known. The host looks at it when the jobs are
 * done.
 */
let running: Promise<unknown> | undefined;

const asyncPrototype = getPrototypeOf(async () => {});

function start(handler: Handler, input: Input): Promise<unknown> | undefined {
  if (!enters(input[7], input)) return undefined;
  setRegistry(input[4]);
  globals['$state'] = openState(input[1], input[6], input[0]);
  globals['$args'] = input[2];
  globals['$scope'] = input[3];
  if (getPrototypeOf(handler) === asyncPrototype) running = handler() as Promise<unknown>;
  else runToItsEnd(handler, input[5]);
  return running;
}

/**
 * Whether all of it can be made in here; else that is the outcome.
 *
 * @param input of a call
 */
function enters(places: unknown[] | undefined, input?: Input): boolean {
  if (places === undefined) return true;
  try {
    // Only a prepared state comes as a form.
    const form = input !== undefined && isArray(input[1]) ? (input[1] as unknown[]) : undefined;
    untag(places);
    if (input !== undefined && countPrepared() > 0) takePrepared(input, form);
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}

function takePrepared(input: Input, form: unknown[] | undefined): void {
  if (form === undefined) {
    notePrepared(input[1]);
    return;
  }
  // What is also an argument stays the same object.
  if (!input[6]) input[1] = copyOfState(input[1]);
  input[6] ||= isSharedInside(form[2] as number);
}

/** A script in two stages has two parameters, see `source/forms/calling.ts`. What the first throws, the handler throws when it is started. */
function stage(handler: Handler): unknown {
  if (handler.length !== 2) return handler;
  try {
    return handler();
  } catch (thrown) {
    return () => {
      throw thrown;
    };
  }
}

function runToItsEnd(handler: Handler, entry: string | undefined): void {
  try {
    // A body sees its `arguments`.
    const returned = entry === undefined ? handler() : handler(entry);
    const isObject = (typeof returned === 'object' && returned !== null) || typeof returned === 'function';
    // As the language does: `then` is read once and called later. A proxy may return anything.
    const then = isObject ? (returned as Keyed)['then'] : undefined;
    if (typeof then === 'function') running = awaited(returned as object, then);
    else fulfil(returned);
  } catch (thrown) {
    reject(thrown);
  }
}

async function awaited(returned: object, then: unknown): Promise<unknown> {
  const thenable = nullObject();
  thenable['then'] = (resolve: unknown, refuse: unknown) => {
    apply(then as () => void, returned, [resolve, refuse]);
  };
  return thenable;
}

/** The input of the host for resuming, see `execution/request/answers.ts`. */
interface Answers {
  readonly 1: readonly Answer[];
  /** Usage so far, by limit. */
  readonly 2: number[];
  readonly 4: unknown[] | undefined;
}

/** What the host passes before it resumes, see `execution/request/renewal.ts`. */
interface Renewal {
  readonly 1: EncodedGrant[] | undefined;
  readonly 2: Keyed | undefined;
  /** Whether an object is in more than one place of it. */
  readonly 3: boolean;
  readonly 4: unknown[] | undefined;
}

let renewal: Renewal | undefined;

function renew(input: Renewal): void {
  renewal = input;
}

/** Whether all of it can be made in here. */
function entersRenewed(given: Renewal): boolean {
  renewal = undefined;
  if (!enters(given[4])) return false;
  const grants = given[1];
  const state = given[2];
  if (grants !== undefined) renewGrants(grants);
  if (state !== undefined) renewState(state, given[3]);
  if (grants !== undefined) forgetUnreadable();
  return true;
}

function resume(input: Answers): Promise<unknown> | undefined {
  continueOutcome();
  continueGrants(input[2]);
  forgetEffects();
  continueState(takeCopies());
  if (renewal !== undefined && !entersRenewed(renewal)) return undefined;
  if (!enters(input[4])) return undefined;
  takeAnswers(input[1]);
  return running;
}

const exported: Readonly<Record<(typeof PRELUDE_EXPORTS)[number], unknown>> = {
  setGrants,
  start,
  stage,
  resume,
  fulfil,
  reject,
  waits,
  collect,
  reached,
  reachedForms,
  valuesBefore,
  deniedMutation,
  settleValue,
  sanitizedOutcome,
  fallbackOutcome,
  guardState,
  noteRejection,
  install,
  reserveFeatures,
  lastThrown,
  newLogs,
  nextTask,
  enterLeftOut,
  prepare,
  forgetPrepared,
  reachedPrepared,
  reachedOthers,
  holdPrepared,
  renew,
};
export default PRELUDE_EXPORTS.map((name) => exported[name]);
