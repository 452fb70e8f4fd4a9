import { admit, demand, isGranted, STATE_MUTATIONS, STATE_READ, STATE_WRITE } from './admission.js';
import { uncrossable } from './coded-error.js';
import {
  apply,
  dataDescriptor,
  define,
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  hasOwn,
  type Keyed,
  keysOf,
  MapConstructor,
  mapForEach,
  mapGet,
  mapSet,
  nullArray,
  objectPrototype,
  ProxyConstructor,
  setPrototypeOf,
  TypeErrorConstructor,
} from './intrinsics.js';
import { readOnly } from './read-only.js';
import { standIn } from './stand-ins.js';

/**
 * What happened to a key. `'reach'` is no mutation: the handler got hold of an object and may have changed it inside without our
 * noticing. It stands where such a change will be listed.
 */
type Entry = [operation: 'set' | 'delete' | 'reach', key: string, value: unknown];

/** In order; undefined where a reach was superseded. */
const log = nullArray<Entry | undefined>([]);
/** Where in the log the reach of a key stands, or -1 when an assignment lists its value anyway. */
const reaches = new MapConstructor<string, number>();
let reachCount = 0;
/** Whether there is anything in `reaches`, and something else than mutations in the log. */
let hasReaches = false;
let writes = 0;
let lastReached: string | undefined;
let target: Keyed = {};
/** Keys that were read, when someone audits. */
const reads = new MapConstructor<string, boolean>();
let audited = false;
/** Whether values that may not be changed are handed out behind proxies that say so at the line that tries. */
let guarded = false;

const REPLACED = -1;

function write(_: unknown, key: PropertyKey, value: unknown): boolean {
  if (typeof key !== 'string') throw new TypeErrorConstructor('$state keys are strings');
  if (typeof value === 'function' || typeof value === 'symbol') throw uncrossable(`$state.${key}`, `a ${typeof value}`);
  admit(STATE_WRITE, key, STATE_MUTATIONS, writes + 1);
  writes++;
  if (hasReaches || (typeof value === 'object' && value !== null)) supersede(key);
  log[log.length] = ['set', key, value];
  if (key === '__proto__') defineProperty(target, key, dataDescriptor(value));
  else target[key] = value;
  return true;
}

function remove(_: unknown, key: PropertyKey): boolean {
  if (typeof key !== 'string' || !hasOwn(target, key)) return true;
  admit(STATE_WRITE, key, STATE_MUTATIONS, writes + 1);
  writes++;
  if (hasReaches) supersede(key);
  log[log.length] = ['delete', key, undefined];
  return deleteProperty(target, key);
}

/** What was reached under the key is no longer what stands there. */
function supersede(key: string): void {
  if (key === lastReached) lastReached = undefined;
  const at = apply(mapGet, reaches, [key]) as number | undefined;
  if (at !== undefined && at !== REPLACED) {
    log[at] = undefined;
    reachCount--;
  }
  hasReaches = true;
  apply(mapSet, reaches, [key, REPLACED]);
}

function reach(key: string, value: object): void {
  if (key === lastReached || !hasOwn(target, key)) return;
  lastReached = key;
  if (apply(mapGet, reaches, [key]) !== undefined) return;
  const at = log.length;
  log[at] = ['reach', key, value];
  hasReaches = true;
  reachCount++;
  apply(mapSet, reaches, [key, at]);
}

function read(_: unknown, key: PropertyKey): unknown {
  const value = target[key];
  if (audited && typeof key === 'string') apply(mapSet, reads, [key, true]);
  if (typeof value === 'object') {
    if (value === null || typeof key !== 'string') return value;
    reach(key, value);
    return guarded && !isGranted(STATE_WRITE, key) ? readOnly(value, key) : value;
  }
  if (value === undefined) requireReadable(key);
  return value;
}

/** A key that is not there may be one that may not be read. What the language itself asks of any object is no use of the state. */
function requireReadable(key: PropertyKey): void {
  if (typeof key !== 'string' || key === 'then' || key === 'toJSON' || key in objectPrototype) return;
  if (!hasOwn(target, key)) demand(STATE_READ, key);
}

const traps: ProxyHandler<Keyed> = {
  get: read,
  set: write,
  has: (_, key) => hasOwn(target, key),
  deleteProperty: remove,
  defineProperty(_, key, descriptor) {
    if (!hasOwn(descriptor, 'value')) throw new TypeErrorConstructor('$state has no accessors');
    return write(_, key, descriptor.value);
  },
  getOwnPropertyDescriptor(_, key) {
    const descriptor = getOwnPropertyDescriptor(target, key);
    if (descriptor !== undefined) descriptor.value = read(_, key);
    return descriptor;
  },
  setPrototypeOf: () => false,
  preventExtensions: () => false,
};
setPrototypeOf(traps, null);

/** Behind the keys of the state: found only where no key has the name. */
const methods = {};
define(methods, 'get', (key: string) => {
  if (hasOwn(target, key)) return read(target, key);
  requireReadable(key);
  return undefined;
});
define(methods, 'set', (key: string, value: unknown) => {
  write(target, key, value);
});
define(methods, 'has', (key: string) => hasOwn(target, key));
define(methods, 'delete', (key: string) => {
  const had = hasOwn(target, key);
  remove(target, key);
  return had;
});
define(methods, 'keys', () => keysOf(target));

/**
 * The `$state` of this execution.
 *
 * @param isAudited whether to note which keys are read
 * @param shared whether objects of the state can be had in another way than by their key
 */
export function openState(state: Keyed, isAudited: boolean, shared: boolean): Keyed {
  target = state;
  setPrototypeOf(target, methods);
  audited = isAudited;
  if (shared) reachAll();
  return standIn(new ProxyConstructor(target, traps), target);
}

function reachAll(): void {
  const keys = keysOf(target);
  for (let i = 0; i < keys.length; i++) {
    const value = target[keys[i] as string];
    if (typeof value === 'object' && value !== null) reach(keys[i] as string, value);
  }
}

/** From now on values that the handler may not change are given out read-only. */
export function guardState(): void {
  guarded = true;
}

/** Whether the handler got hold of an object of the state, so that it has to be compared with what it was. */
export function isReached(): boolean {
  return reachCount > 0;
}

/** `[key, value, key, value, …]` of all that was reached. */
export function reachedValues(): unknown[] {
  const values = nullArray<unknown>([]);
  for (let i = 0; i < log.length; i++) {
    const entry = log[i];
    if (entry?.[0] !== 'reach') continue;
    values[values.length] = entry[1];
    values[values.length] = entry[2];
  }
  return values;
}

/**
 * Makes mutations of what was changed inside.
 *
 * @param changed for each of {@link reachedValues} whether it was
 * @throws PERMISSION_DENIED, RESOURCE_LIMIT when a change may not be; those before it are listed
 */
export function listChanges(changed: boolean[]): void {
  let reached = 0;
  for (let i = 0; i < log.length; i++) {
    const entry = log[i];
    if (entry?.[0] !== 'reach') continue;
    if (changed[reached++] !== true) continue;
    admit(STATE_WRITE, entry[1], STATE_MUTATIONS, ++writes);
    entry[0] = 'set';
  }
}

/** All mutations in order. */
export function takeMutations(): unknown[] {
  if (!hasReaches) return log;
  const mutations = nullArray<unknown>([]);
  for (let i = 0; i < log.length; i++) {
    const entry = log[i];
    if (entry !== undefined && entry[0] !== 'reach') mutations[mutations.length] = entry;
  }
  return mutations;
}

/** Keys that were read; undefined when nobody audits. */
export function readKeys(): unknown[] | undefined {
  if (!audited) return undefined;
  const keys = nullArray<unknown>([]);
  apply(mapForEach, reads, [
    (_: unknown, key: unknown) => {
      keys[keys.length] = key;
    },
  ]);
  return keys;
}
