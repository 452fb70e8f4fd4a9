/** How a value is cloned. */
export type Kind =
  | 'object'
  | 'array'
  | 'map'
  | 'set'
  | 'date'
  | 'regexp'
  /** A wrapper object of a primitive. */
  | 'primitive'
  | 'error'
  | 'buffer'
  | 'view'
  | 'refused';

/** Throws unless its `this` is of the kind. */
type Test = (this: unknown) => unknown;

const getterOf = (prototype: object, key: PropertyKey) => Object.getOwnPropertyDescriptor(prototype, key)?.get as Test;
const refused = (): void => {};

/**
 * The prototype says which kind an object has, and only then is the test that cannot be fooled necessary. An
 * object whose prototype was changed counts as a plain object.
 */
const KINDS = new Map<object, readonly [Kind, Test]>([
  [Map.prototype, ['map', getterOf(Map.prototype, 'size')]],
  [Set.prototype, ['set', getterOf(Set.prototype, 'size')]],
  [Date.prototype, ['date', Date.prototype.getTime]],
  [RegExp.prototype, ['regexp', getterOf(RegExp.prototype, 'source')]],
  [ArrayBuffer.prototype, ['buffer', getterOf(ArrayBuffer.prototype, 'byteLength')]],
  [Boolean.prototype, ['primitive', Boolean.prototype.valueOf]],
  [Number.prototype, ['primitive', Number.prototype.valueOf]],
  [String.prototype, ['primitive', String.prototype.valueOf]],
  [BigInt.prototype, ['primitive', BigInt.prototype.valueOf]],
  [Symbol.prototype, ['refused', Symbol.prototype.valueOf]],
  [WeakMap.prototype, ['refused', refused]],
  [WeakSet.prototype, ['refused', refused]],
  [Promise.prototype, ['refused', refused]],
  [Object.getPrototypeOf(function* () {}).prototype, ['refused', refused]],
  [Object.getPrototypeOf(async function* () {}).prototype, ['refused', refused]],
]);

export function kindOf(value: object): Kind {
  if (Array.isArray(value)) return 'array';
  if (ArrayBuffer.isView(value)) return 'view';
  let prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return 'object';
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (prototype === Error.prototype) return 'error';
    const found = KINDS.get(prototype);
    if (found !== undefined && passes(found[1], value)) return found[0];
  }
  return 'object';
}

function passes(test: Test, value: object): boolean {
  try {
    Reflect.apply(test, value, []);
    return true;
  } catch {
    return false;
  }
}
