import { LEFT_OUT_MARK, STATE_MUTATIONS, STATE_READ, STATE_WRITE } from '../abi.js';
import { admit, audited, demand, isGranted, uncountHostCalls } from './admission.js';
import { notTransferable } from './coded-error.js';
import { snapshot } from './copy.js';
import {
  dataDescriptor,
  define,
  defineProperty,
  deleteProperty,
  get,
  getOwnPropertyDescriptor,
  hasOwn,
  type Keyed,
  keysOf,
  nullArray,
  nullObject,
  ProxyConstructor,
  StringFunction,
  setPrototypeOf,
  TypeErrorConstructor,
  text,
} from './intrinsics.js';
import { isPreparedInState } from './prepared/values.js';
import { standForState } from './proxy-targets.js';
import { readOnly } from './read-only.js';
import { forgetReads, keysChanged, noteAbsent, noteAll, noteRead } from './reads.js';
import { noteMissing } from './shared-cells.js';
import { marker } from './tagged-values.js';

type Mutation = [operation: 'set' | 'delete', key: string, value: unknown];

/**
 * In order: mutations, and reaches by their number. A reach is not a mutation: the handler reached an object
 * and may have changed it inside unnoticed. It marks the place where such a change is listed; undefined if it
 * was superseded.
 */
export const log = nullArray<Mutation | number | undefined>([]);
/**
 * `[marker, key, value, key, value, …]`: all values that were reached, for the host to compare with the
 * originals.
 */
export const reached = nullArray<unknown>([marker]);
let reachCount = 0;
/**
 * By key: 1 + the position of its reach in the log, or {@link REPLACED} if an assignment lists its value
 * anyway.
 */
const reachOf = nullObject() as Record<string, number | undefined>;
/** Whether there is anything in {@link reachOf}. */
let hasReaches = false;
let hasSuperseded = false;
let writes = 0;
/** Without a prototype, so that members that the handler defines on one are not found. */
let target: Keyed = nullObject();
let proxy: Keyed | undefined;
/** Whether protected values are handed out behind proxies that throw at the line of a change. */
let guarded = false;

/** The reached values as they were; undefined in the first segment, where the host has the context. */
let before: Keyed | undefined;
/** Keys that may not be read and were deleted: whether they existed is unknown here. */
const gone = nullObject() as Record<string, boolean | undefined>;

/** Keys that the handler set or deleted in segments before this one. */
const ownKeys = nullObject() as Record<string, true | undefined>;

/** Stands for each value that was left out of the context: the host was told that the handler does not read it. No handler sees it. */
let leftOut: object | undefined;

const REPLACED = -1;

/** The host executes the segment again, with everything. Until then it waits to be interrupted. */
function demandLeftOut(): never {
  noteMissing(LEFT_OUT_MARK);
  for (;;);
}

/** Values are read without their keys. */
function demandAll(): void {
  const keys = keysOf(target);
  for (let i = 0; i < keys.length; i++) if (target[keys[i] as string] === leftOut) demandLeftOut();
}

/** Puts values that were left out in their places, unless the handler has put others there. */
export function enterLeftOut(input: { readonly 1: Keyed }): void {
  const values = input[1];
  const keys = keysOf(values);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (target[key] === leftOut) target[key] = values[key];
  }
}

function write(_: unknown, key: PropertyKey, value: unknown, receiver?: unknown): boolean {
  // An object that inherits from the state was assigned to: the key becomes its own.
  if (receiver !== undefined && receiver !== proxy) {
    return defineProperty(receiver as object, key, dataDescriptor(value));
  }
  if (typeof key !== 'string') throw new TypeErrorConstructor('$state keys are strings');
  if (typeof value === 'function' || typeof value === 'symbol')
    throw notTransferable(text('$state.', key), text('a ', typeof value));
  admit(STATE_WRITE, key, STATE_MUTATIONS, writes + 1);
  writes++;
  if (gone[key] === true) gone[key] = false;
  if (hasReaches || (typeof value === 'object' && value !== null)) supersede(key);
  log[log.length] = ['set', key, value];
  if (audited) keysChanged();
  target[key] = value;
  return true;
}

function remove(_: unknown, key: PropertyKey): boolean {
  if (typeof key !== 'string') return true;
  const isReadable = isGranted(STATE_READ, key);
  if (!(key in target) && (isReadable || gone[key] === true)) return true;
  admit(STATE_WRITE, key, STATE_MUTATIONS, writes + 1);
  writes++;
  if (hasReaches) supersede(key);
  log[log.length] = ['delete', key, undefined];
  if (!isReadable) gone[key] = true;
  if (audited) keysChanged();
  return deleteProperty(target, key);
}

/** The value that was reached under the key has been replaced. */
function supersede(key: string): void {
  const place = reachOf[key];
  if (place !== undefined && place !== REPLACED) {
    log[place - 1] = undefined;
    hasSuperseded = true;
  }
  hasReaches = true;
  reachOf[key] = REPLACED;
}

function reach(key: string, value: object, copies?: Keyed): void {
  if (reachOf[key] !== undefined) return;
  const at = log.length;
  log[at] = reachCount;
  reachOf[key] = at + 1;
  const end = 1 + reachCount++ * 2;
  reached[end] = key;
  reached[end + 1] = value;
  hasReaches = true;
  if (before !== undefined) remember(key, value, copies);
}

/** A value that cannot be copied has been changed, because it was passed in. */
function remember(key: string, value: object, copies: Keyed | undefined): void {
  try {
    (before as Keyed)[key] = copies !== undefined && hasOwn(copies, key) ? copies[key] : snapshot(value, key);
  } catch {
    // Then there is nothing to compare it with.
  }
}

/**
 * Starts a new segment after a suspension. The handler may still hold all objects that it reached before.
 *
 * @param copies values as they left with the last segment, if getters were called for that
 */
export function continueState(copies: Keyed): void {
  forgetReads();
  listed.length = 0;
  for (let i = 0; i < log.length; i++) {
    const entry = log[i];
    if (entry !== undefined && typeof entry !== 'number') ownKeys[entry[1]] = true;
  }
  log.length = 0;
  reached.length = 1;
  reachCount = 0;
  hasSuperseded = false;
  hasReaches = false;
  writes = 0;
  before = nullObject();
  const keys = keysOf(reachOf);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const value = target[key];
    deleteProperty(reachOf, key);
    if (typeof value === 'object' && value !== null) reach(key, value, copies);
  }
}

/** Whether the handler neither changed the value of a key nor holds it. */
function isUntouched(key: string): boolean {
  return ownKeys[key] !== true && reachOf[key] === undefined;
}

/**
 * Replaces what the handler has neither changed nor holds.
 *
 * @param shared whether an object is in more than one place of it
 */
export function renewState(fresh: Keyed, shared: boolean): void {
  const keys = keysOf(target);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (isUntouched(key)) deleteProperty(target, key);
  }
  const given = keysOf(fresh);
  for (let i = 0; i < given.length; i++) {
    const key = given[i] as string;
    if (!isUntouched(key)) continue;
    const value = fresh[key];
    target[key] = value;
    if (shared && typeof value === 'object' && value !== null) reach(key, value);
  }
  if (audited) keysChanged();
}

/** What may no longer be read is gone, except what the handler changed or holds. */
export function forgetUnreadable(): void {
  const keys = keysOf(target);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (isUntouched(key) && !isGranted(STATE_READ, key)) deleteProperty(target, key);
  }
  if (audited) keysChanged();
}

/** The values with which the host compares {@link reached} instead of the context: `[marker, values by key]`. */
export function valuesBefore(): unknown[] | undefined {
  return before === undefined ? undefined : nullArray([marker, before]);
}

/** For each pair of {@link reached}, whether its value is a prepared one; undefined if none is. */
export function reachedPrepared(): unknown[] | undefined {
  const flags = nullArray<unknown>([marker]);
  let hasAny = false;
  for (let i = 2; i < reached.length; i += 2) {
    const isPrepared = isPreparedInState(reached[i]);
    hasAny ||= isPrepared;
    flags[flags.length] = isPrepared;
  }
  return hasAny ? flags : undefined;
}

/** {@link reached} without the values that are prepared ones. */
export function reachedOthers(): unknown[] {
  const others = nullArray<unknown>([marker]);
  for (let i = 2; i < reached.length; i += 2) {
    if (isPreparedInState(reached[i])) continue;
    others[others.length] = reached[i - 1];
    others[others.length] = reached[i];
  }
  return others;
}

function read(_: unknown, key: PropertyKey): unknown {
  const value = target[key];
  if (audited && value !== undefined) noteRead(key);
  if (typeof value === 'object') {
    if (value === null || typeof key !== 'string') return value;
    if (value === leftOut) demandLeftOut();
    reach(key, value);
    return guarded && !isGranted(STATE_WRITE, key) ? readOnly(value, key) : value;
  }
  return value === undefined ? readAbsent(key) : value;
}

/**
 * A key that does not exist may be one that may not be read. Keys that the language itself reads of any
 * object are not a use of the state.
 */
function readAbsent(key: PropertyKey): unknown {
  if (key in target) noteRead(key);
  else if (key in methods) return methods[key];
  else if (typeof key === 'string' && key !== 'then' && key !== 'toJSON') {
    demand(STATE_READ, key);
    noteAbsent(key);
  }
  return undefined;
}

/** Whether the key exists; this counts as reading it. */
function has(key: PropertyKey): boolean {
  const found = key in target;
  if (found) noteRead(key);
  else if (typeof key === 'string' && isGranted(STATE_READ, key)) noteAbsent(key);
  return found;
}

function isOff(descriptor: PropertyDescriptor, attribute: 'configurable' | 'writable' | 'enumerable'): boolean {
  return hasOwn(descriptor, attribute) && descriptor[attribute] === false;
}

const traps: ProxyHandler<Keyed> = {
  get: read,
  set: write,
  has: (_, key) => has(key),
  getPrototypeOf: () => methods,
  deleteProperty: remove,
  defineProperty(_, key, descriptor) {
    if (!hasOwn(descriptor, 'value')) throw new TypeErrorConstructor('$state has no accessors');
    if (isOff(descriptor, 'configurable') || isOff(descriptor, 'writable') || isOff(descriptor, 'enumerable')) {
      throw new TypeErrorConstructor('keys of $state can be listed, changed and deleted');
    }
    return write(_, key, descriptor.value);
  },
  setPrototypeOf: () => false,
  preventExtensions: () => false,
};
setPrototypeOf(traps, null);

/**
 * Traps for operations that show keys and values without `get`. They make listing and spreading slow, so they
 * exist only for an audit.
 */
const auditTraps = {
  ownKeys() {
    noteAll(target);
    return keysOf(target);
  },
  getOwnPropertyDescriptor(_: unknown, key: PropertyKey) {
    has(key);
    const descriptor = getOwnPropertyDescriptor(target, key);
    if (descriptor !== undefined && descriptor.value === leftOut) demandLeftOut();
    // The engine looks up optional members in it, and would find those that the handler defined on a
    // prototype.
    if (descriptor !== undefined) setPrototypeOf(descriptor, null);
    return descriptor;
  },
};

/** Converts a key to a name as the language does; symbols are excluded. */
function nameOf(key: unknown): string {
  if (typeof key === 'symbol') throw new TypeErrorConstructor('$state keys are strings');
  return typeof key === 'string' ? key : StringFunction(key);
}

/** Behind the state's keys: found only if no key has the name. */
const methods: Keyed = {};
define(methods, 'get', (key: unknown) => {
  const name = nameOf(key);
  if (name in target) return read(target, name);
  demand(STATE_READ, name);
  noteAbsent(name);
  return undefined;
});
define(methods, 'set', (key: unknown, value: unknown) => {
  write(target, nameOf(key), value);
});
define(methods, 'has', (key: unknown) => has(nameOf(key)));
define(methods, 'delete', (key: unknown) => {
  const name = nameOf(key);
  const had = has(name);
  remove(target, name);
  return had;
});
define(methods, 'keys', () => {
  noteAll(target);
  return keysOf(target);
});

/**
 * Creates the `$state` of this execution.
 *
 * @param shared whether objects of the state can be reached in another way than by their key
 * @param placeholder stands for values that were left out
 */
export function openState(state: Keyed, shared: boolean, placeholder: object): Keyed {
  target = state;
  leftOut = placeholder;
  setPrototypeOf(target, null);
  if (shared) reachAll();
  if (audited) {
    traps.ownKeys = auditTraps.ownKeys;
    traps.getOwnPropertyDescriptor = auditTraps.getOwnPropertyDescriptor;
  }
  proxy = new ProxyConstructor(target, traps);
  standForState(proxy, target, () => {
    demandAll();
    noteAll(target);
  });
  return proxy;
}

/**
 * The engine asks a proxy for the descriptor of each key when it lists or spreads them, and a trap would make
 * that slow. Without a trap, a descriptor gives access to a value without `get`, so these functions of the
 * language first count all values as reached.
 */
function watchDescriptors(of: object, name: string): void {
  const native = get(of, name) as (...args: unknown[]) => unknown;
  const watched =
    native.length === 1
      ? {
          [name](object: unknown) {
            if (object === proxy) reachAll();
            return native(object);
          },
        }
      : {
          [name](object: unknown, key: unknown) {
            if (object === proxy) reachAll();
            return native(object, key);
          },
        };
  define(of, name, watched[name]);
}
watchDescriptors(Object, 'getOwnPropertyDescriptor');
watchDescriptors(Object, 'getOwnPropertyDescriptors');
watchDescriptors(Reflect, 'getOwnPropertyDescriptor');

function reachAll(): void {
  const keys = keysOf(target);
  for (let i = 0; i < keys.length; i++) {
    const value = target[keys[i] as string];
    if (value === leftOut) demandLeftOut();
    if (typeof value === 'object' && value !== null) reach(keys[i] as string, value);
  }
}

/** From now on, values that the handler may not change are handed out read-only. */
export function guardState(): void {
  guarded = true;
}

/** Whether there are values in {@link reached}. */
export function isReached(): boolean {
  if (hasSuperseded) forgetSuperseded();
  return reachCount > 0;
}

/** Where {@link listChanges} put a mutation in place of a reach: `[position, number, position, number, …]`. */
const listed = nullArray<number>([]);
let writesBefore = 0;

/** A value that cannot leave is left out. */
export function leaveOut(at: number): void {
  if (typeof log[at] === 'number') hasSuperseded = true;
  log[at] = undefined;
  hasReaches = true;
}

/** Undoes {@link listChanges}: what was listed is compared once more. */
export function unlistChanges(): void {
  for (let i = 0; i < listed.length; i += 2) log[listed[i] as number] = listed[i + 1] as number;
  if (listed.length > 0) {
    uncountHostCalls(listed.length / 2);
    writes = writesBefore;
  }
  listed.length = 0;
}

function forgetSuperseded(): void {
  let kept = 0;
  for (let i = 0; i < log.length; i++) {
    const number = log[i];
    if (typeof number !== 'number') continue;
    reached[1 + kept * 2] = reached[1 + number * 2];
    reached[2 + kept * 2] = reached[2 + number * 2];
    log[i] = kept++;
  }
  reached.length = 1 + kept * 2;
  reachCount = kept;
  hasSuperseded = false;
}

/**
 * Lists mutations for values that were changed inside.
 *
 * @param changed for each pair of {@link reached}, whether it was changed, or true for all
 * @throws PERMISSION_DENIED, RESOURCE_LIMIT if a change is denied; the changes before it are listed
 */
export function listChanges(changed: boolean[] | true): void {
  writesBefore = writes;
  for (let i = 0; i < log.length; i++) {
    const number = log[i];
    if (typeof number !== 'number' || (changed !== true && changed[number] !== true)) continue;
    const key = reached[1 + number * 2] as string;
    admit(STATE_WRITE, key, STATE_MUTATIONS, ++writes);
    listed[listed.length] = i;
    listed[listed.length] = number;
    log[i] = ['set', key, reached[2 + number * 2]];
  }
}

/** All mutations in order. */
export function takeMutations(): unknown[] {
  if (!hasReaches) return log;
  const mutations = nullArray<unknown>([]);
  for (let i = 0; i < log.length; i++) {
    const entry = log[i];
    if (entry !== undefined && typeof entry !== 'number') mutations[mutations.length] = entry;
  }
  return mutations;
}
