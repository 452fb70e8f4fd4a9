// What the feature uses of the language, read before a handler can replace it.

export const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, has, ownKeys } = Reflect;
export const { create, setPrototypeOf } = Object;
const ObjectFunction = Object;
const { stringify } = JSON;
const StringFunction = String;
export const NumberFunction = Number;
export const { isNaN: isNotANumber } = Number;
export const RangeErrorConstructor = RangeError;
export const TypeErrorConstructor = TypeError;
export const { trunc } = Math;

/** Anything that has properties. */
export type Arbitrary = Record<PropertyKey, unknown>;

export function isObject(value: unknown): value is Arbitrary {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function toObject(value: unknown): Arbitrary {
  if (value === undefined || value === null) {
    throw new TypeErrorConstructor('Cannot convert undefined or null to object');
  }
  return ObjectFunction(value) as Arbitrary;
}

export function toText(value: unknown): string {
  if (typeof value === 'symbol') throw new TypeErrorConstructor('Cannot convert a Symbol value to a string');
  return StringFunction(value);
}

/** As JSON, which asks no `toJSON` of a text. */
export function quote(text: string): string {
  return stringify(text);
}

export function show(value: unknown): string {
  if (isObject(value)) return typeof value === 'function' ? 'a function' : '#<Object>';
  return StringFunction(value);
}

/** ToIntegerOrInfinity */
export function toInteger(value: unknown): number {
  const number = toNumber(value);
  return isNotANumber(number) ? 0 : trunc(number) + 0;
}

/** Number() accepts a bigint, which ToNumber does not. */
export function toNumber(value: unknown): number {
  if (typeof value === 'bigint') throw new TypeErrorConstructor('Cannot convert a BigInt value to a number');
  const number = isObject(value) ? toPrimitiveNumber(value) : value;
  if (typeof number === 'bigint') throw new TypeErrorConstructor('Cannot convert a BigInt value to a number');
  return NumberFunction(number);
}

const toPrimitive = Symbol.toPrimitive;
const CONVERSIONS = ['valueOf', 'toString'];

/** ToPrimitive with the hint `number`. */
export function toPrimitiveNumber(value: Arbitrary): unknown {
  const exotic = value[toPrimitive];
  if (exotic !== undefined && exotic !== null) {
    const result = apply(exotic as () => unknown, value, ['number']);
    if (!isObject(result)) return result;
    throw new TypeErrorConstructor('Cannot convert object to primitive value');
  }
  for (let i = 0; i < CONVERSIONS.length; i++) {
    const method = value[CONVERSIONS[i] as string];
    if (typeof method !== 'function') continue;
    const result = apply(method as () => unknown, value, []);
    if (!isObject(result)) return result;
  }
  throw new TypeErrorConstructor('Cannot convert object to primitive value');
}

/** Gives a prototype or class what belongs to it, as the language does: not enumerable. */
export function addMembers(target: object, members: object): void {
  const keys = ownKeys(members);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as PropertyKey;
    const descriptor = getOwnPropertyDescriptor(members, key) as PropertyDescriptor;
    descriptor.enumerable = false;
    defineProperty(target, key, descriptor);
  }
}

export function tag(target: object, text: string): void {
  defineProperty(target, Symbol.toStringTag, { value: text, writable: false, enumerable: false, configurable: true });
}
