declare const kind: unique symbol;
type Address<Kind extends string> = number & { readonly [kind]: Kind };

/** Of an 8-byte cell in linear memory that holds a NaN-boxed JSValue. */
export type ValuePointer = Address<'value'>;
/** Of bytes in linear memory that are no value. */
export type BytesPointer = Address<'bytes'>;
/** Of a JSContext. */
export type ContextPointer = Address<'context'>;
/** Of a JSRuntime. */
export type RuntimePointer = Address<'runtime'>;

/** Where nothing is. */
export const NO_VALUE = 0 as ValuePointer;
export const NO_BYTES = 0 as BytesPointer;

/** Bytes that lie `offset` further. */
export function bytesAt(address: number, offset = 0): BytesPointer {
  return (address + offset) as BytesPointer;
}

/** A cell among bytes. */
export function valueAt(address: BytesPointer, offset: number): ValuePointer {
  return (address + offset) as number as ValuePointer;
}
