import { EXTENSION, HOST_CALLS } from '../abi.js';
import { admit } from './admission.js';
import { snapshot } from './copy.js';
import {
  apply,
  define,
  ErrorConstructor,
  hasOwn,
  includes,
  type Keyed,
  keysOf,
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  nullArray,
  nullObject,
  PromiseConstructor,
  ProxyConstructor,
  setPrototypeOf,
  TypeErrorConstructor,
  text,
} from './intrinsics.js';
import { noteCall } from './shared-cells.js';
import { isError } from './value-kinds.js';

/** What can settle a call. */
interface Settlers {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** The guest's stack at the call: an error that comes as the answer has none of its own. */
  readonly stack: string | undefined;
}

/** Calls whose answers have not come, in order: `[callId, extension, method, arguments]`. */
export const calls = nullArray<unknown[]>([]);
const outstanding = new MapConstructor<string, Settlers>();
/** Of names in a message. */
const MAX_LISTED = 50;
let callCount = 0;
/** Method names by extension, when the host says what there is. */
let registry: Keyed | undefined;

export function setRegistry(known: Keyed | undefined): void {
  registry = known;
}

function call(extension: string, method: string, args: unknown[]): Promise<unknown> {
  // A dot ends the name of an extension: with one in it, it would be taken for another one's.
  if (extension === '' || apply(includes, extension, ['.'])) {
    throw new TypeErrorConstructor(text('No extension is named "', extension, '": names have no dots'));
  }
  const name = text(extension, '.', method);
  if (registry !== undefined && !isKnown(extension, method)) {
    throw new TypeErrorConstructor(text('There is no extension method $ext.', name, whatThereIs(extension)));
  }
  admit(EXTENSION, name, HOST_CALLS, 0);
  const given = snapshot(args, text('$ext.', name, ' arguments'));
  const callId = text('c', ++callCount);
  const { stack } = new ErrorConstructor();
  return new PromiseConstructor((resolve, reject) => {
    apply(mapSet, outstanding, [callId, { resolve, reject, stack }]);
    calls[calls.length] = nullArray([callId, extension, method, given]);
    noteCall();
  });
}

/** An answer of the host: `[callId, whether it succeeded, value or error]`. */
export type Answer = readonly [callId: string, succeeded: boolean, value: unknown];

/** The calls without an answer go on waiting, in their order. */
export function takeAnswers(answers: readonly Answer[]): void {
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
  for (let i = 0; i < answers.length; i++) {
    const settlers = settled[i];
    if (settlers !== undefined) settle(settlers, answers[i] as Answer);
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

/** An object that has whatever is asked of it. `then` is what `await` asks of any object. */
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
  return new ProxyConstructor(nullObject(), traps);
}

export const extensions = anything((extension) =>
  anything(
    (method) =>
      (...args: unknown[]) =>
        call(extension, method, args),
  ),
);
