/**
 * The builtins that the prelude uses, read before a handler can replace them. Code in this folder calls no
 * method of a value, iterates with no protocol and assigns to no object with a prototype: the handler may
 * have changed all of these.
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

/**
 * Joins the parts. A template literal is not used, because upstream compiles it to a call of
 * `String.prototype.concat`.
 */
export function text(...parts: (string | number)[]): string {
  let joined = '';
  for (let i = 0; i < parts.length; i++) joined += parts[i];
  return joined;
}

/** An array on which assigning an index cannot call a setter that the handler defined on a prototype. */
export function nullArray<T>(items: T[]): T[] {
  return setPrototypeOf(items, null);
}

/** A map with its own methods, so that calling them reads no prototype; `apply` takes twice the time. */
export function ownMap<K, V>(): Map<K, V> {
  const map = new MapConstructor<K, V>();
  define(map, 'get', mapGet);
  define(map, 'set', mapSet);
  return map;
}

/** An object whose keys are all its own: `__proto__` is an ordinary key. */
export function nullObject(): Keyed {
  return create(null) as Keyed;
}

/** A property as an assignment would create it. */
export function dataDescriptor(value: unknown, enumerable = true): PropertyDescriptor {
  const descriptor = create(null) as PropertyDescriptor;
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.enumerable = enumerable;
  descriptor.configurable = true;
  return descriptor;
}

/** A global or a method: not enumerable, like those of the language. */
export function define(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, dataDescriptor(value, false));
}
