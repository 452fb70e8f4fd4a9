import { isMap, isSet } from '../builtins.js';
import {
  apply,
  isArray,
  type Keyed,
  keysOf,
  MapConstructor,
  mapForEach,
  mapHas,
  mapSet,
  nullArray,
  setForEach,
} from '../intrinsics.js';
import { untag } from '../untag.js';
import { countPrepared, keepPrepared, preparedAt } from './values.js';

/**
 * Keeps a value while an image is built.
 *
 * @param document `[marker, value, isShared, places]`, see `protocol/context-encoding.ts`
 */
export function prepare(document: unknown[]): void {
  const isShared = document[2] === true;
  try {
    if (document[3] !== undefined) untag(document[3] as unknown[]);
    keepPrepared({ value: document[1], isShared });
  } catch (failure) {
    keepPrepared({ value: undefined, isShared, failure });
  }
}

/**
 * Holds on to every object, text and name in the prepared values, and to objects that are made like them. What changes in memory is what
 * may change without any of the values being changed. No handler has run.
 *
 * @returns what holds on to them
 */
export function holdPrepared(): unknown {
  const held = nullArray<unknown>([]);
  const seen = new MapConstructor<unknown, boolean>();
  const waiting = nullArray<object>([]);
  const hold = (value: unknown) => {
    held[held.length] = value;
    if (typeof value !== 'object' || value === null || apply(mapHas, seen, [value])) return;
    apply(mapSet, seen, [value, true]);
    waiting[waiting.length] = value;
  };
  for (let number = 0; number < countPrepared(); number++) {
    try {
      hold(preparedAt(number));
    } catch (failure) {
      hold(failure);
    }
  }
  while (waiting.length > 0) {
    const value = waiting[waiting.length - 1] as object;
    waiting.length--;
    holdMembers(value, held, hold);
  }
  return held;
}

function holdMembers(value: object, held: unknown[], hold: (value: unknown) => void): void {
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) hold(value[i]);
    return;
  }
  if (isMap(value)) {
    apply(mapForEach, value, [
      (item: unknown, key: unknown) => {
        hold(key);
        hold(item);
      },
    ]);
    return;
  }
  if (isSet(value)) {
    apply(setForEach, value, [hold]);
    return;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return;
  const keys = keysOf(value);
  held[held.length] = keys;
  held[held.length] = { ...value };
  for (let i = 0; i < keys.length; i++) hold((value as Keyed)[keys[i] as string]);
}
