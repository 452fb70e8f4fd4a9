import { ERROR_FORM, MAP_FORM, REGEXP_FORM, SET_FORM } from '../abi.js';
import { honoursToJson, phase, RUNNING } from './admission.js';
import { copyBuiltin, isMap, isSet, readRegExp, UNKNOWN_VIEW } from './builtins.js';
import { notTransferable } from './coded-error.js';
import {
  apply,
  get,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isArray,
  type Keyed,
  keysOf,
  MapConstructor,
  mapForEach,
  mapGet,
  mapSet,
  nullArray,
  nullObject,
  objectPrototype,
  setForEach,
  text,
} from './intrinsics.js';
import { underlying } from './proxy-targets.js';
import { jsonOf, memberOf } from './reading.js';
import { marker } from './tagged-values.js';
import {
  BOXED,
  describeNotTransferable,
  ERROR,
  extensionPrototype,
  isBuiltin,
  kindOf,
  MAP,
  NOT_TRANSFERABLE,
  PLAIN,
  REGEXP,
  SET,
} from './value-kinds.js';

/** The host refuses values beyond this depth. */
const MAX_DEPTH = 1_000;

/** Copies by original; the marker stands for an incomplete copy: meeting it again is a cycle. */
type Copies = Map<object, object>;

/**
 * A copy of the value in a form that the engine can write: an effect must not change when the handler later
 * changes the object.
 *
 * @param copies absent at the root, because most values contain no object
 * @throws SERIALIZATION_ERROR naming the path of the value that cannot leave the VM
 */
export function snapshot(value: unknown, path: string, copies?: Copies, depth = 0): unknown {
  if (typeof value !== 'object') {
    if (typeof value === 'function' || typeof value === 'symbol') throw notTransferable(path, text('a ', typeof value));
    return value;
  }
  if (value === null) return value;
  if (copies !== undefined) {
    const known = apply(mapGet, copies, [value]);
    if (known === marker) throw cycle(path);
    if (known !== undefined) return known;
  }
  if (depth > MAX_DEPTH) throw notTransferable(path, text('nested deeper than ', MAX_DEPTH, ' levels'));
  if (honoursToJson) return copyJson(value, path, copies, depth);
  // As copyObject() does: a call would cost more.
  const prototype = getPrototypeOf(value);
  if ((prototype === objectPrototype || prototype === null) && !isArray(value)) {
    return copyRecord(value as Keyed, path, copies, depth, value);
  }
  return copyOther(underlying(value), path, copies, depth, value);
}

/** @param original by which the copy is found again: the value, or what stands for it in the handler */
function copyObject(value: object, path: string, copies: Copies | undefined, depth: number, original: object): unknown {
  const prototype = getPrototypeOf(value);
  if ((prototype === objectPrototype || prototype === null) && !isArray(value)) {
    return copyRecord(value as Keyed, path, copies, depth, original);
  }
  return copyOther(underlying(value), path, copies, depth, original);
}

/** What crosses as it is crosses as it is; of anything else what its `toJSON` returns, if it has one. */
function copyJson(value: object, path: string, copies: Copies | undefined, depth: number): unknown {
  const isOurs = underlying(value) !== value || getPrototypeOf(value) === extensionPrototype;
  const kind = isOurs || isArray(value) ? BOXED : kindOf(value);
  const toJSON = kind === PLAIN || kind === NOT_TRANSFERABLE ? (value as Keyed)['toJSON'] : undefined;
  if (typeof toJSON !== 'function') return copyObject(value, path, copies, depth, value);
  const opened = open(copies, value);
  const json = jsonOf(value, toJSON as () => unknown, path);
  if (typeof json !== 'object' || json === null) return close(opened, value, snapshot(json, path) as object);
  const known = json === value ? undefined : apply(mapGet, opened, [json]);
  if (known === marker) throw cycle(path);
  return known ?? close(opened, value, copyObject(json, path, opened, depth, json) as object);
}

function copyOther(source: object, path: string, copies: Copies | undefined, depth: number, original: object): unknown {
  if (isArray(source)) return copyArray(source, path, open(copies, original), depth, original);
  const kind = kindOf(source);
  if (kind === NOT_TRANSFERABLE) {
    const [what, remedy] = describeNotTransferable(source);
    throw notTransferable(path, what, remedy);
  }
  if (kind === PLAIN) return copyRecord(source as Keyed, path, copies, depth, original);
  if (isBuiltin(kind)) {
    const copy = copyBuiltin(source, kind);
    if (copy === UNKNOWN_VIEW) throw notTransferable(path, 'a typed array of a kind that the host does not have');
    if (copy !== source) return close(copies, original, copy);
  } else if (kind === REGEXP) {
    const read = readRegExp(source);
    if (read !== undefined) return close(copies, original, nullArray<unknown>([marker, REGEXP_FORM, read[0], read[1]]));
  } else if (kind === ERROR || (kind === MAP && isMap(source)) || (kind === SET && isSet(source))) {
    return copySpecial(source, kind, path, open(copies, original), depth, original);
  }
  return copyLookalike(source as Keyed, path, copies, depth, original);
}

/** It inherits from a builtin and is none: a proxy of one, all of whose content would be lost, or an object of properties. */
function copyLookalike(
  source: Keyed,
  path: string,
  copies: Copies | undefined,
  depth: number,
  original: object,
): unknown {
  const keys = keysOf(source);
  if (keys.length === 0 || keys[0] === '0') {
    throw notTransferable(path, 'a proxy of a builtin, or an object that only inherits from one');
  }
  return copyRecord(source, path, copies, depth, original);
}

function cycle(path: string): Error {
  return notTransferable(path, 'a reference to an object that contains it (a cycle)');
}

function open(copies: Copies | undefined, original: object): Copies {
  const opened = copies ?? new MapConstructor<object, object>();
  apply(mapSet, opened, [original, marker]);
  return opened;
}

function close<T>(copies: Copies | undefined, original: object, copy: T): T {
  if (copies !== undefined) apply(mapSet, copies, [original, copy]);
  return copy;
}

function stepTo(path: string, key: string | number): string {
  return typeof key === 'number' ? path + '[' + key + ']' : path + '.' + key;
}

function isObjectLike(value: unknown): boolean {
  return typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol';
}

function copyArray(source: unknown[], path: string, copies: Copies, depth: number, original: object): unknown[] {
  const copy = nullArray<unknown>([]);
  for (let i = 0; i < source.length; i++) {
    const item = phase === RUNNING ? source[i] : memberOf(source, i, stepTo(path, i));
    copy[i] = isObjectLike(item) ? snapshot(item, stepTo(path, i), copies, depth + 1) : item;
  }
  return close(copies, original, copy);
}

function copyRecord(
  source: Keyed,
  path: string,
  copiesSoFar: Copies | undefined,
  depth: number,
  original: object,
  skipped?: string,
): Keyed {
  let copies = copiesSoFar;
  let opened = false;
  // Like nullObject().
  const copy = { __proto__: null } as unknown as Keyed;
  const keys = keysOf(source);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (key === skipped) continue;
    const member = phase === RUNNING ? source[key] : memberOf(source, key, stepTo(path, key));
    // perf: not a function of ours, because in the guest a call costs more than its body.
    const type: string = typeof member;
    if (type !== 'object' && type !== 'function' && type !== 'symbol') {
      copy[key] = member;
      continue;
    }
    if (!opened) {
      opened = true;
      copies = open(copies, original);
    }
    copy[key] = snapshot(member, stepTo(path, key), copies, depth + 1);
  }
  return copies === undefined ? copy : close(copies, original, copy);
}

function copySpecial(
  source: object,
  kind: number,
  path: string,
  copies: Copies,
  depth: number,
  original: object,
): unknown[] {
  const form = nullArray<unknown>([marker]);
  const add = (item: unknown) => {
    const at = form.length;
    const index = kind === MAP ? (at - 2) >> 1 : at - 2;
    form[at] = snapshot(item, stepTo(path, index), copies, depth + 1);
  };
  if (kind === MAP) {
    form[1] = MAP_FORM;
    apply(mapForEach, source, [
      (item: unknown, key: unknown) => {
        add(key);
        add(item);
      },
    ]);
  } else if (kind === SET) {
    form[1] = SET_FORM;
    apply(setForEach, source, [add]);
  } else {
    form[1] = ERROR_FORM;
    form[2] = readText(source, 'name') ?? 'Error';
    form[3] = readText(source, 'message') ?? '';
    form[4] = readText(source, 'stack') ?? '';
    form[5] = copyErrorFields(source as Keyed, path, copies, depth);
  }
  return close(copies, original, form);
}

/**
 * The fields of an error beyond name, message and stack: its cause, the errors of an AggregateError, other
 * own fields.
 */
function copyErrorFields(error: Keyed, path: string, copies: Copies, depth: number): Keyed {
  // An error leaves as one, whatever its `toJSON` says.
  const fields = copyRecord(error, path, copies, depth, nullObject(), honoursToJson ? 'toJSON' : undefined);
  copyHiddenField(fields, error, 'cause', path, copies, depth);
  copyHiddenField(fields, error, 'errors', path, copies, depth);
  return fields;
}

function copyHiddenField(fields: Keyed, error: Keyed, key: string, path: string, copies: Copies, depth: number): void {
  const descriptor = getOwnPropertyDescriptor(error, key);
  if (descriptor === undefined || !hasOwn(descriptor, 'value')) return;
  fields[key] = snapshot(descriptor.value, stepTo(path, key), copies, depth + 1);
}

/** A string that may be an accessor of the handler. */
export function readText(from: object, key: string): string | undefined {
  try {
    const value = get(from, key);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
