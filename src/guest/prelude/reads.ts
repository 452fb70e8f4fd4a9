import { audited } from './admission.js';
import { apply, keysOf, MapConstructor, mapClear, mapForEach, mapHas, mapSet, nullArray } from './intrinsics.js';

/** Names beyond this many are only counted: a handler may look for keys in an endless loop. The host lists no more. */
const MAX_NAMES = 1_000;

/** Keys of the state that were read, each once, when someone audits. */
const present = new MapConstructor<string, boolean>();
let presentCount = 0;
/** Keys that were looked for and are not there. A list of their own, so that they cannot crowd out the others. */
const absent = new MapConstructor<string, boolean>();
let absentCount = 0;
/** Reads of keys that are on neither list. */
let more = 0;
/** How many keys the state had when all of them were noted. */
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

/** Something sees all keys of the state: an enumeration, a copy, an encoding. */
export function noteAll(target: object): void {
  if (!audited) return;
  const keys = keysOf(target);
  if (keys.length === notedAll) return;
  notedAll = keys.length;
  for (let i = 0; i < keys.length; i++) noteRead(keys[i] as string);
}

/** The state has another set of keys than before. */
export function keysChanged(): void {
  notedAll = -1;
}

/** A new segment begins, after a suspension: what was read before was told. */
export function forgetReads(): void {
  apply(mapClear, present, []);
  apply(mapClear, absent, []);
  presentCount = 0;
  absentCount = 0;
  more = 0;
  notedAll = -1;
}

/** `[how many reads are not listed, key, key, …]`, keys of the state first; undefined when nobody audits. */
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
