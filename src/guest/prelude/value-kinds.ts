import {
  asyncIteratorPrototype,
  type Constructor,
  create,
  errorPrototype,
  getPrototypeOf,
  iteratorPrototype,
  objectPrototype,
  ownMap,
} from './intrinsics.js';

/** The kinds of objects: how each is passed out of the VM, or that it cannot be. */
export const PLAIN = 0;
export const MAP = 1;
export const SET = 2;
export const ERROR = 3;
export const DATE = 4;
export const BYTES = 5;
export const BUFFER = 6;
export const BOXED = 7;
export const NOT_TRANSFERABLE = 8;
export const REGEXP = 9;

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
list(REGEXP, [RegExp]);

/** By prototype: what errors call it, and what to do. */
const notTransferable = ownMap<object, readonly [what: string, remedy: string]>();

/** What inherits from the prototype cannot leave, although it may look like a plain object. */
export function refuse(prototype: object, what: string, remedy = ''): void {
  kinds.set(prototype, NOT_TRANSFERABLE);
  notTransferable.set(prototype, [what, remedy]);
}
refuse(WeakMap.prototype, 'a WeakMap');
refuse(WeakSet.prototype, 'a WeakSet');
refuse(Symbol.prototype, 'a symbol');
refuse(Promise.prototype, 'a promise', '; await it');
refuse(DataView.prototype, 'a DataView', '; pass its buffer');
refuse(iteratorPrototype, 'an iterator', '; Array.from() makes an array of it');
/** What `$ext` and its extensions inherit from: they have whatever is asked of them, and are asked nothing here. */
export const extensionPrototype = create(null) as object;
refuse(extensionPrototype, 'an extension', '; pass what a method of it returns');
refuse(asyncIteratorPrototype, 'an async iterator', '; collect what it yields in an array');

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

/** Of a value that is not transferable. A proxy may answer otherwise now. */
export function describeNotTransferable(value: object): readonly [what: string, remedy: string] {
  let prototype = getPrototypeOf(value);
  for (let depth = 0; prototype !== null && depth < MAX_CHAIN; depth++) {
    const found = notTransferable.get(prototype);
    if (found !== undefined) return found;
    prototype = getPrototypeOf(prototype);
  }
  return ['an instance of an unknown class', ''];
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
