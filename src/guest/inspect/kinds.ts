/** The builtin class of a value by what cannot be forged: a getter or method that throws for anything else. */
type Probe = (value: object) => unknown;

const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const getter = (of: object, key: PropertyKey): Probe => {
  const get = getOwnPropertyDescriptor(of, key)?.get as () => unknown;
  return (value) => apply(get, value, []);
};
const method =
  (of: () => unknown): Probe =>
  (value) =>
    apply(of, value, []);
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object;

const mapSize = getter(Map.prototype, 'size');
const setSize = getter(Set.prototype, 'size');
const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
const viewLength = getter(DataView.prototype, 'byteLength');
const typedName = getter(typedArrayPrototype, Symbol.toStringTag);
const getTime = method(Date.prototype.getTime);
const regExpToString = RegExp.prototype.toString;
const { has: weakMapHas } = WeakMap.prototype;
const { has: weakSetHas } = WeakSet.prototype;
const boxes: readonly (readonly [name: string, unbox: Probe])[] = [
  ['Number', method(Number.prototype.valueOf)],
  ['String', method(String.prototype.valueOf)],
  ['Boolean', method(Boolean.prototype.valueOf)],
  ['BigInt', method(BigInt.prototype.valueOf)],
  ['Symbol', method(Symbol.prototype.valueOf)],
];
const regExpFlags = getter(RegExp.prototype, 'hasIndices');

function probe(test: Probe, value: object): boolean {
  try {
    test(value);
    return true;
  } catch {
    return false;
  }
}

export const isMap = (value: object): value is Map<unknown, unknown> => probe(mapSize, value);
export const isSet = (value: object): value is Set<unknown> => probe(setSize, value);
export const isDate = (value: object): value is Date => probe(getTime, value);
export const isBuffer = (value: object): value is ArrayBuffer => probe(bufferLength, value);
export const isDataView = (value: object): value is DataView => probe(viewLength, value);
export const isTypedArray = (value: object): value is Uint8Array => typeof typedName(value) === 'string';
export const isRegExp = (value: object): value is RegExp => value !== RegExp.prototype && probe(regExpFlags, value);
export const isWeakMap = (value: object): boolean => probe((one) => apply(weakMapHas, one, [one]), value);
export const isWeakSet = (value: object): boolean => probe((one) => apply(weakSetHas, one, [one]), value);

/** A primitive in a box: the name of its class and the primitive. */
export function unboxed(value: object): readonly [name: string, primitive: unknown] | undefined {
  for (const [name, unbox] of boxes) {
    try {
      return [name, unbox(value)];
    } catch {
      // Another kind of box, or none.
    }
  }
  return undefined;
}

export function regExpText(value: RegExp): string {
  return apply(regExpToString, value, []) as string;
}

export function isError(value: object): value is Error {
  for (let at: object | null = value, depth = 0; at !== null && depth < 100; at = getPrototypeOf(at), depth++) {
    if (at === Error.prototype) return true;
  }
  return false;
}
