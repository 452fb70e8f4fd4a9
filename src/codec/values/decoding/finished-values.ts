import { TYPED_ARRAYS } from '../../../guest/abi.js';
import { MalformedValueError } from './byte-reader.js';
import type { ViewHead } from './node-reader.js';

/** What the values of a tag become once all that is in them is read. */

export function dateOf(time: unknown): Date {
  if (typeof time !== 'number') throw new MalformedValueError('has a date that is no number');
  return new Date(time);
}

/** `new Number(1)` and its kin arrive as the primitive. */
export function unboxed(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) throw new MalformedValueError('boxes an object');
  return value;
}

/** `__proto__` is a plain key. */
export function setField(target: Record<string | number, unknown>, key: string | number, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

export function viewOf([kind, length, offset]: ViewHead, buffer: unknown): ArrayBufferView {
  const View = TYPED_ARRAYS[kind];
  if (View === undefined) throw new MalformedValueError(`has a typed array of kind ${kind}, unknown here`);
  if (!(buffer instanceof ArrayBuffer)) throw new MalformedValueError('has a typed array without a buffer');
  const aligned = offset % View.BYTES_PER_ELEMENT === 0;
  if (!aligned || offset + length * View.BYTES_PER_ELEMENT > buffer.byteLength) {
    throw new MalformedValueError('has a typed array outside its buffer');
  }
  return new View(buffer, offset, length);
}
