import { type Constructor, errorPrototype, getPrototypeOf, nullArray, objectPrototype, ownMap } from './intrinsics.js';

/** The kinds of objects: how each is passed out of the VM, or that it cannot be. */
export const PLAIN = 0;
export const MAP = 1;
export const SET = 2;
export const ERROR = 3;
export const DATE = 4;
export const BYTES = 5;
export const BUFFER = 6;
export const BOXED = 7;
export const UNCROSSABLE = 8;

/** The prototype chain of a proxy may be endless. */
const MAX_CHAIN = 100;

const kinds = ownMap<object, number>();
const list = (kind: number, types: readonly Constructor[]) => {
  for (let i = 0; i < types.length; i++) kinds.set((types[i] as Constructor).prototype as object, kind);
};
kinds.set(objectPrototype, PLAIN);
list(MAP, [Map]);
list(SET, [Set]);
list(ERROR, [Error]);
list(DATE, [Date]);
list(BYTES, [getPrototypeOf(Uint8Array) as unknown as Constructor]);
list(BUFFER, [ArrayBuffer]);
list(BOXED, [Number, String, Boolean, BigInt as unknown as Constructor]);
const uncrossableTypes = nullArray<Constructor>([WeakMap, WeakSet, RegExp, Promise, DataView]);
list(UNCROSSABLE, uncrossableTypes);

/**
 * By the prototype chain, without a protocol that a handler could replace. The kind is not proven: the object
 * may have only the prototype. An instance of a class of the handler is plain.
 */
export function kindOf(value: object): number {
  let prototype = getPrototypeOf(value);
  if (prototype === null || prototype === objectPrototype) return PLAIN;
  for (let depth = 0; prototype !== null && depth < MAX_CHAIN; depth++) {
    const kind = kinds.get(prototype);
    if (kind !== undefined) return kind;
    prototype = getPrototypeOf(prototype);
  }
  return PLAIN;
}

/** Whether `builtins.ts` knows how to copy it. */
export function isBuiltin(kind: number): boolean {
  return kind >= DATE && kind <= BOXED;
}

/** The name of the builtin class that makes a value not transferable. */
export function classNameOf(value: object): string {
  for (let i = 0; i < uncrossableTypes.length; i++) {
    const type = uncrossableTypes[i] as Constructor;
    for (let prototype = getPrototypeOf(value); prototype !== null; prototype = getPrototypeOf(prototype)) {
      if (prototype === type.prototype) return type.name;
    }
  }
  return 'an unknown class';
}

/** A proxy may return anything, or throw. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return value === errorPrototype || kindOf(value) === ERROR;
  } catch {
    return false;
  }
}
