import { CLOSED, enterPhase, phase, READING, RUNNING } from './admission.js';
import { notTransferable } from './coded-error.js';
import {
  apply,
  get,
  getOwnPropertyDescriptor,
  hasOwn,
  type Keyed,
  MapConstructor,
  mapGet,
  mapHas,
  mapSet,
  TypeErrorConstructor,
  text,
} from './intrinsics.js';

/** What is being read. */
let place = '';
/** What getters and `toJSON` have returned: each is called once, however often what it belongs to is read. */
let members = new MapConstructor<object, Map<string | number, unknown>>();
let jsons = new MapConstructor<object, unknown>();
/** How many of them were called. */
let callCount = 0;

/** Reads `path` from now on. */
export function readFrom(path: string): void {
  enterPhase(READING);
  place = path;
}

/** Another segment: they are called again at its end. */
export function forgetRead(): void {
  members = new MapConstructor<object, Map<string | number, unknown>>();
  jsons = new MapConstructor<object, unknown>();
}

export function countReads(): number {
  return callCount;
}

export function placeOfRead(): string {
  return place;
}

/** A member of a value that leaves, when the handler does not run any more. */
export function memberOf(source: object, key: string | number, path: string): unknown {
  if (phase === READING) place = path;
  const descriptor = getOwnPropertyDescriptor(source, key);
  if (descriptor === undefined || hasOwn(descriptor, 'value')) return (source as Keyed)[key];
  if (phase === CLOSED) throw notTransferable(path, 'an accessor');
  let known = apply(mapGet, members, [source]) as Map<string | number, unknown> | undefined;
  if (known === undefined) {
    known = new MapConstructor<string | number, unknown>();
    apply(mapSet, members, [source, known]);
  }
  if (apply(mapHas, known, [key])) return apply(mapGet, known, [key]);
  callCount++;
  const value = get(source, key);
  apply(mapSet, known, [key, value]);
  return value;
}

/** What the `toJSON` of a value returns. */
export function jsonOf(value: object, toJSON: () => unknown, path: string): unknown {
  if (phase !== READING) return apply(toJSON, value, []);
  if (apply(mapHas, jsons, [value])) return apply(mapGet, jsons, [value]);
  place = path;
  callCount++;
  const json = apply(toJSON, value, []);
  apply(mapSet, jsons, [value, json]);
  return json;
}

/** @throws TypeError when the handler does not run any more */
export function refuseLateCall(name: string): void {
  if (phase === RUNNING) return;
  throw new TypeErrorConstructor(
    text(
      name,
      ' is called while ',
      place,
      ' is read; when the handler has ended or waits, a getter, toJSON or proxy can begin no call: await it before',
    ),
  );
}
