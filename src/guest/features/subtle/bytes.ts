const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isView } = ArrayBuffer;
const { slice } = ArrayBuffer.prototype;

type Getter = () => unknown;
const getterOf = (prototype: object, key: string) => getOwnPropertyDescriptor(prototype, key)?.get as Getter;
const typedArray = getPrototypeOf(Uint8Array.prototype) as object;
const bufferLength = getterOf(ArrayBuffer.prototype, 'byteLength');
const arrays = [typedArray, DataView.prototype].map((prototype) => ({
  buffer: getterOf(prototype, 'buffer'),
  byteOffset: getterOf(prototype, 'byteOffset'),
  byteLength: getterOf(prototype, 'byteLength'),
}));
const typeOf = getterOf(typedArray, Symbol.toStringTag as never);

/** Bytes that someone passed, as an ArrayBuffer for the host: itself if it is one, since the host answers at once. */
export function wholeBuffer(source: unknown, what: string): ArrayBuffer {
  if (isView(source)) {
    const { buffer, byteOffset, byteLength } = arrays[
      apply(typeOf, source, []) === undefined ? 1 : 0
    ] as (typeof arrays)[number];
    const start = apply(byteOffset, source, []) as number;
    const length = apply(byteLength, source, []) as number;
    const whole = apply(buffer, source, []) as ArrayBuffer;
    if (start === 0 && length === apply(bufferLength, whole, [])) return whole;
    return apply(slice, whole, [start, start + length]) as ArrayBuffer;
  }
  try {
    apply(bufferLength, source, []);
  } catch {
    throw new TypeError(
      `${what} must be an ArrayBuffer or a view of one; new TextEncoder().encode(text) makes one of a text`,
    );
  }
  return source as ArrayBuffer;
}

export function lengthOf(buffer: ArrayBuffer): number {
  return apply(bufferLength, buffer, []) as number;
}

/** Like {@link wholeBuffer}, of bytes that are kept. */
export function copied(source: unknown, what: string): ArrayBuffer {
  const buffer = wholeBuffer(source, what);
  return apply(slice, buffer, [0, lengthOf(buffer)]) as ArrayBuffer;
}
