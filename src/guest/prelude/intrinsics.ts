/**
 * The builtins that the prelude works with, taken before any handler could replace them. Nothing in this folder calls a
 * method of a value, iterates with a protocol or assigns to an object that has a prototype: all of these are the handler's.
 */
export const { apply, defineProperty, deleteProperty, get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } =
  Reflect;
export const { setPrototypeOf, create, hasOwn, keys: keysOf } = Object;
export const { isArray } = Array;
export const { stringify } = JSON;

export const ProxyConstructor = Proxy;
export const PromiseConstructor = Promise;
export const TypeErrorConstructor = TypeError;
export const ErrorConstructor = Error;
export const StringFunction = String;
export const objectPrototype = Object.prototype;
export const errorPrototype = Error.prototype;
export const aggregateErrorPrototype = AggregateError.prototype;

export const MapConstructor = Map;
export const {
  get: mapGet,
  set: mapSet,
  has: mapHas,
  delete: mapDelete,
  clear: mapClear,
  forEach: mapForEach,
} = Map.prototype;
export const SetConstructor = Set;
export const { add: setAdd, forEach: setForEach } = Set.prototype;
export const { startsWith, includes, slice: sliceText } = String.prototype;
export const RegExpConstructor = RegExp;
/** What all iterators of the language inherit from. */
const above = getPrototypeOf as (object: object) => object;
export const iteratorPrototype = above(above([][Symbol.iterator]()));
export const asyncIteratorPrototype = above(above(above((async function* () {})())));

export type Keyed = Record<PropertyKey, unknown>;
export type Constructor = abstract new (...args: never[]) => object;

/** The parts as one text. A template literal would not do: the engine calls `String.prototype.concat` for it, the handler's. */
export function text(...parts: (string | number)[]): string {
  let joined = '';
  for (let i = 0; i < parts.length; i++) joined += parts[i];
  return joined;
}

/** An array on which assigning an index cannot meet a setter that the handler planted on a prototype. */
export function nullArray<T>(items: T[]): T[] {
  return setPrototypeOf(items, null);
}

/** A map whose methods are its own, so that calling them asks no prototype: `apply` takes twice the time. */
export function ownMap<K, V>(): Map<K, V> {
  const map = new MapConstructor<K, V>();
  define(map, 'get', mapGet);
  define(map, 'set', mapSet);
  return map;
}

/** An object whose keys are all its own: `__proto__` is one like any other. */
export function nullObject(): Keyed {
  return create(null) as Keyed;
}

/** A property as an assignment would make it. */
export function dataDescriptor(value: unknown, enumerable = true): PropertyDescriptor {
  const descriptor = create(null) as PropertyDescriptor;
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.enumerable = enumerable;
  descriptor.configurable = true;
  return descriptor;
}

/** A global, or a method: not enumerable, like those of the language. */
export function define(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, dataDescriptor(value, false));
}
