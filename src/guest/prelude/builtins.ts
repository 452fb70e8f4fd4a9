import { TYPED_ARRAYS } from '../abi.js';
import { apply, getOwnPropertyDescriptor, getPrototypeOf, MapConstructor, mapGet, nullArray } from './intrinsics.js';
import { BOXED, BUFFER, DATE } from './value-kinds.js';

type TypedArrayConstructor = new (source: unknown) => object;

const DateConstructor = Date;
const { getTime } = Date.prototype;
const ByteArray = Uint8Array;
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object;
const getter = (of: object, key: PropertyKey) => getOwnPropertyDescriptor(of, key)?.get as () => unknown;
/** The only reliable way to recognise a typed array: undefined for anything else. */
const typedArrayName = getter(typedArrayPrototype, Symbol.toStringTag);
const bufferOf = getter(typedArrayPrototype, 'buffer');
const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
const regExpSource = getter(RegExp.prototype, 'source');
/** In the order in which they are written. `flags` would ask properties that a handler can replace. */
const regExpFlags = nullArray<readonly [flag: string, get: () => unknown]>(
  [
    ['d', 'hasIndices'],
    ['g', 'global'],
    ['i', 'ignoreCase'],
    ['m', 'multiline'],
    ['s', 'dotAll'],
    ['u', 'unicode'],
    ['v', 'unicodeSets'],
    ['y', 'sticky'],
  ].map(([flag, name]) => [flag as string, getter(RegExp.prototype, name as string)]),
);
const mapSize = getter(Map.prototype, 'size');
const setSize = getter(Set.prototype, 'size');
const unboxers = nullArray<() => unknown>([
  Number.prototype.valueOf,
  String.prototype.valueOf,
  Boolean.prototype.valueOf,
  BigInt.prototype.valueOf,
]);
const typedArrays = new MapConstructor<unknown, TypedArrayConstructor>(
  TYPED_ARRAYS.filter((type) => type !== undefined).map((type) => [
    type.name,
    type as unknown as TypedArrayConstructor,
  ]),
);

export function isMap(value: object): boolean {
  return succeeds(mapSize, value);
}

export function isSet(value: object): boolean {
  return succeeds(setSize, value);
}

/** Source and flags; undefined for what only looks like a RegExp. */
export function readRegExp(value: object): readonly [source: string, flags: string] | undefined {
  try {
    let flags = '';
    for (let i = 0; i < regExpFlags.length; i++) {
      const flag = regExpFlags[i] as readonly [string, () => unknown];
      if (apply(flag[1], value, []) === true) flags += flag[0];
    }
    return [apply(regExpSource, value, []) as string, flags];
  } catch {
    return undefined;
  }
}

function succeeds(method: () => unknown, value: object): boolean {
  try {
    apply(method, value, []);
    return true;
  } catch {
    return false;
  }
}

/** Stands for a typed array that the host does not have: Float16Array. */
export const UNKNOWN_VIEW = {};

/**
 * A copy of a Date, typed array or ArrayBuffer, or the primitive in a wrapper; the value itself if it only
 * looks like one.
 */
export function copyBuiltin(value: object, kind: number): unknown {
  try {
    if (kind === DATE) return new DateConstructor(apply(getTime, value, []) as number);
    if (kind === BOXED) return unbox(value);
    if (kind === BUFFER) {
      apply(bufferLength, value, []);
      return apply(bufferOf, new ByteArray(new ByteArray(value as ArrayBuffer)), []);
    }
    const name = apply(typedArrayName, value, []);
    const Constructor = apply(mapGet, typedArrays, [name]);
    if (Constructor === undefined) return typeof name === 'string' ? UNKNOWN_VIEW : value;
    return new (Constructor as TypedArrayConstructor)(value);
  } catch {
    return value;
  }
}

function unbox(value: object): unknown {
  for (let i = 0; i < unboxers.length; i++) {
    try {
      return apply(unboxers[i] as () => unknown, value, []);
    } catch {
      // Another kind of wrapper.
    }
  }
  return value;
}
