import { isObject, NumberFunction, TypeErrorConstructor, toPrimitiveNumber } from './intrinsics.js';

/** ToIntlMathematicalValue: a number, a bigint, or the digits of a text, which may be more than a number holds. */
export function numericValue(value: unknown): number | bigint | string {
  const primitive = isObject(value) ? toPrimitiveNumber(value) : value;
  if (typeof primitive === 'number' || typeof primitive === 'bigint' || typeof primitive === 'string') return primitive;
  if (typeof primitive === 'symbol') throw new TypeErrorConstructor('Cannot convert a Symbol value to a number');
  return NumberFunction(primitive);
}

export function numericMark(value: unknown): string {
  return typeof value === 'bigint' ? 'n' : ' ';
}
