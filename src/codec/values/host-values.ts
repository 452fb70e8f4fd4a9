import { TYPED_ARRAYS } from '../../guest/abi.js';

const CANONICAL_INDEX = /^(?:0|[1-9]\d{0,9})$/;
const MAX_INDEX = 0x7fff_ffff;
const CODE_0 = 0x30;
const CODE_9 = 0x39;
const NUMBER_SIGN = 0x23;

/** Property names that are array indices are written as numbers with the lowest bit set. */
export function nameIndex(name: string): number | undefined {
  const first = name.charCodeAt(0);
  if (!(first >= CODE_0 && first <= CODE_9) || !CANONICAL_INDEX.test(name)) return undefined;
  const index = Number(name);
  return index <= MAX_INDEX ? index * 2 + 1 : undefined;
}

/**
 * The name as a Map key. V8 gives a string that is an index a predictable hash, so such names could be made
 * to collide.
 */
export function lookedUpAs(name: string): string {
  const first = name.charCodeAt(0);
  return (first >= CODE_0 && first <= CODE_9) || first === NUMBER_SIGN ? `#${name}` : name;
}

export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // An object of another realm (node:vm, a test runner) has a different Object.prototype.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** The engine's class number of a typed array, of any realm or subclass (Buffer); undefined for other views. */
export function typedArrayNumber(view: ArrayBufferView): number | undefined {
  const name = (view as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  const number = TYPED_ARRAYS.findIndex((type) => type?.name === name);
  return number === -1 ? undefined : number;
}
