import { EXTENSION, HOST_CALLS, NET_EXTENSION, SIGNAL_EXTENSION, TIMER_EXTENSION } from '../abi.js';
import { admit } from './admission.js';
import { snapshot } from './copy.js';
import {
  apply,
  create,
  define,
  ErrorConstructor,
  hasOwn,
  includes,
  type Keyed,
  keysOf,
  MapConstructor,
  mapDelete,
  mapGet,
  mapHas,
  mapSet,
  nullArray,
  PromiseConstructor,
  ProxyConstructor,
  setPrototypeOf,
  TypeErrorConstructor,
  text,
} from './intrinsics.js';
import { type Answer, addTask } from './own-calls/tasks.js';
import { refuseLateCall } from './reading.js';
import { noteCall } from './shared-cells.js';
import { extensionPrototype, isError } from './value-kinds.js';

/** The functions that settle a call. */
interface Settlers {
  /** Calls are numbered from 1. */
  readonly number: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** The guest's stack at the call: an error that arrives as the answer has no stack. */
  readonly stack: string | undefined;
  /** Whether it is settled by a task of its own, see `own-calls/tasks.ts`. */
  readonly isTask: boolean;
}

/** Pending calls in order: `[callId, extension, method, arguments]`. */
export const calls = nullArray<unknown[]>([]);
const outstanding = new MapConstructor<string, Settlers>();
/** Of names in a message. */
const MAX_LISTED = 50;
let callCount = 0;
/** Calls up to this number were made in earlier segments. */
let earlierCalls = 0;
/** Method names by extension, when the host says what there is. */
let registry: Keyed | undefined;

export function setRegistry(known: Keyed | undefined): void {
  registry = known;
}

function call(extension: string, method: string, args: unknown[]): Promise<unknown> {
  // The name of an extension ends at the first dot: with a dot in it, it would be mistaken for another one.
  if (extension === '' || apply(includes, extension, ['.'])) {
    throw new TypeErrorConstructor(text('No extension is named "', extension, '": names have no dots'));
  }
  const name = text(extension, '.', method);
  if (registry !== undefined && !isKnown(extension, method)) {
    throw new TypeErrorConstructor(text('There is no extension method $ext.', name, whatThereIs(extension)));
  }
  if (extension === TIMER_EXTENSION || extension === NET_EXTENSION || extension === SIGNAL_EXTENSION) {
    throw new TypeErrorConstructor(
      text('$ext.', name, ' belongs to the runtime: call setTimeout, $sleep, $signal or fetch'),
    );
  }
  refuseLateCall(text('$ext.', name));
  admit(EXTENSION, name, HOST_CALLS, 0);
  const given = snapshot(args, text('$ext.', name, ' arguments'));
  return new PromiseConstructor((resolve, reject) => {
    beginCall(extension, method, given, resolve, reject, false);
  });
}

/**
 * Begins a call.
 *
 * @param given a copy of its arguments
 * @param isTask whether it is settled by a task of its own
 * @returns its id
 */
export function beginCall(
  extension: string,
  method: string,
  given: unknown,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
  isTask: boolean,
): string {
  const number = ++callCount;
  const callId = text('c', number);
  const { stack } = new ErrorConstructor();
  apply(mapSet, outstanding, [callId, { number, resolve, reject, stack, isTask }]);
  calls[calls.length] = nullArray([callId, extension, method, given]);
  noteCall();
  return callId;
}

export function isOutstanding(callId: string): boolean {
  return apply(mapHas, outstanding, [callId]) as boolean;
}

/** Nothing waits for the call any more: the host does not learn of it, or learns that it is gone. */
export function withdrawCall(callId: string): void {
  if (!(apply(mapDelete, outstanding, [callId]) as boolean)) return;
  let kept = 0;
  for (let i = 0; i < calls.length; i++) {
    const waiting = calls[i] as unknown[];
    if (waiting[0] !== callId) calls[kept++] = waiting;
  }
  calls.length = kept;
}

/** How many calls were made before this segment. */
export function callsBefore(): number {
  return earlierCalls;
}

/** How many of {@link calls}, from the first one, have a number up to this. */
export function countUpTo(number: number): number {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const callId = (calls[middle] as unknown[])[0] as string;
    if ((apply(mapGet, outstanding, [callId]) as Settlers).number <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A new segment begins. The calls without an answer continue to wait, in their order. */
export function takeAnswers(answers: readonly Answer[]): void {
  earlierCalls = callCount;
  const settled = nullArray<Settlers | undefined>([]);
  for (let i = 0; i < answers.length; i++) {
    const callId = (answers[i] as Answer)[0];
    settled[i] = apply(mapGet, outstanding, [callId]) as Settlers | undefined;
    apply(mapDelete, outstanding, [callId]);
  }
  let kept = 0;
  for (let i = 0; i < calls.length; i++) {
    const waiting = calls[i] as unknown[];
    if (apply(mapGet, outstanding, [waiting[0] as string]) !== undefined) calls[kept++] = waiting;
  }
  calls.length = kept;
  // In their order: what is behind a task waits for it.
  let isBehind = false;
  for (let i = 0; i < answers.length; i++) {
    const settlers = settled[i];
    if (settlers === undefined) continue;
    if (settlers.isTask) isBehind = true;
    if (isBehind) addTask(answers[i] as Answer, (answer) => settle(settlers, answer));
    else settle(settlers, answers[i] as Answer);
  }
}

function settle(settlers: Settlers, answer: Answer): void {
  const value = answer[2];
  if (answer[1]) {
    settlers.resolve(value);
    return;
  }
  if (isError(value)) define(value, 'stack', settlers.stack);
  settlers.reject(value);
}

/** The methods of the extension, or the extensions. */
function whatThereIs(extension: string): string {
  const known = registry as Keyed;
  if (hasOwn(known, extension)) return text('; ', extension, ' has: ', listed(known[extension] as string[]));
  const names = keysOf(known);
  return names.length === 0 ? '; there are no extensions' : text('; the extensions are: ', listed(names));
}

function listed(names: readonly string[]): string {
  let list = '';
  for (let i = 0; i < names.length && i < MAX_LISTED; i++) list += (i === 0 ? '' : ', ') + names[i];
  return names.length === 0 ? 'nothing' : names.length > MAX_LISTED ? list + ', …' : list;
}

function isKnown(extension: string, method: string): boolean {
  const methods = hasOwn(registry as Keyed, extension) ? ((registry as Keyed)[extension] as string[]) : undefined;
  for (let i = 0; methods !== undefined && i < methods.length; i++) if (methods[i] === method) return true;
  return false;
}

/** An object that has every member. `await` reads `then` of any object. */
function anything(make: (name: string) => unknown): object {
  const made = new MapConstructor<string, unknown>();
  const traps: ProxyHandler<object> = {
    get(_, name) {
      if (typeof name !== 'string' || name === 'then') return undefined;
      let known = apply(mapGet, made, [name]);
      if (known === undefined) {
        known = make(name);
        apply(mapSet, made, [name, known]);
      }
      return known;
    },
    has: (_, name) => typeof name === 'string' && name !== 'then',
    set: () => false,
    defineProperty: () => false,
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
  setPrototypeOf(traps, null);
  return new ProxyConstructor(create(extensionPrototype) as object, traps);
}

export const extensions = anything((extension) =>
  anything(
    (method) =>
      (...args: unknown[]) =>
        call(extension, method, args),
  ),
);
