import { audited } from './admission.js';
import { apply, keysOf, MapConstructor, mapClear, mapForEach, mapHas, mapSet, nullArray } from './intrinsics.js';

/**
 * Further names are only counted: a handler may look for keys in an endless loop. The host lists no more
 * either.
 */
const MAX_NAMES = 1_000;

/** State keys that were read, each once, if the execution is audited. */
const present = new MapConstructor<string, boolean>();
let presentCount = 0;
/** Keys that were looked for and do not exist. A separate list, so that they cannot displace the others. */
const absent = new MapConstructor<string, boolean>();
let absentCount = 0;
/** Reads of keys that are on neither list. */
let more = 0;
/** The number of keys of the state when all of them were noted. */
let notedAll = -1;

export function noteRead(key: PropertyKey): void {
  if (!audited || typeof key !== 'string' || apply(mapHas, present, [key])) return;
  if (presentCount >= MAX_NAMES) {
    more++;
    return;
  }
  presentCount++;
  apply(mapSet, present, [key, true]);
}

export function noteAbsent(key: PropertyKey): void {
  if (!audited || typeof key !== 'string' || apply(mapHas, absent, [key])) return;
  if (absentCount >= MAX_NAMES) {
    more++;
    return;
  }
  absentCount++;
  apply(mapSet, absent, [key, true]);
}

/** An operation reads all keys of the state: an enumeration, a copy, an encoding. */
export function noteAll(target: object): void {
  if (!audited) return;
  const keys = keysOf(target);
  if (keys.length === notedAll) return;
  notedAll = keys.length;
  for (let i = 0; i < keys.length; i++) noteRead(keys[i] as string);
}

/** The set of state keys has changed. */
export function keysChanged(): void {
  notedAll = -1;
}

/** Starts a new segment after a suspension: earlier reads were reported. */
export function forgetReads(): void {
  apply(mapClear, present, []);
  apply(mapClear, absent, []);
  presentCount = 0;
  absentCount = 0;
  more = 0;
  notedAll = -1;
}

/**
 * `[number of reads that are not listed, key, key, …]`, existing keys first; undefined if the execution is
 * not audited.
 */
export function readKeys(): unknown[] | undefined {
  if (!audited) return undefined;
  const keys = nullArray<unknown>([more]);
  const add = (_: unknown, key: unknown) => {
    keys[keys.length] = key;
  };
  apply(mapForEach, present, [add]);
  apply(mapForEach, absent, [add]);
  return keys;
}
