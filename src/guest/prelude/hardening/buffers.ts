import { apply, define, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, type Keyed } from '../intrinsics.js';

/**
 * A buffer keeps its memory and its length for its whole lifetime. In many places, the engine checks bounds
 * and then calls functions of the handler; if such a call detached or shrank a buffer, the handler would get
 * access to all memory. So nothing in the VM can do this: functions that move bytes copy them, and functions
 * that change a length do not exist.
 */

const BufferConstructor = ArrayBuffer;
const ByteArray = Uint8Array;
const { set: setBytes } = getPrototypeOf(Uint8Array.prototype) as Uint8Array;
const bufferLength = getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get as () => number;

function copied(buffer: unknown, newLength: unknown): ArrayBuffer {
  const length = apply(bufferLength, buffer, []);
  const copy = new BufferConstructor((newLength === undefined ? length : newLength) as number);
  const copyLength = apply(bufferLength, copy, []);
  const kept = copyLength < length ? copyLength : length;
  apply(setBytes, new ByteArray(copy), [new ByteArray(buffer as ArrayBuffer, 0, kept)]);
  return copy;
}

/** Methods, so that they are not constructors; `newLength` is not counted as a parameter. */
const copying = {
  transfer(this: unknown, newLength: unknown = undefined): ArrayBuffer {
    return copied(this, newLength);
  },
  transferToFixedLength(this: unknown, newLength: unknown = undefined): ArrayBuffer {
    return copied(this, newLength);
  },
};

/** As in an engine without resizable buffers: feature detection works. */
const REMOVED = ['resize', 'resizable', 'maxByteLength'] as const;

/** Runs before any code of a library or a handler: afterwards nothing refers to the engine's own functions. */
export function fixBuffers(): void {
  const { prototype } = ArrayBuffer as unknown as { prototype: Keyed };
  define(prototype, 'transfer', copying.transfer);
  define(prototype, 'transferToFixedLength', copying.transferToFixedLength);
  for (let i = 0; i < REMOVED.length; i++) deleteProperty(prototype, REMOVED[i] as string);
  // There is one thread and no Atomics, so it would only add `grow` to an ordinary buffer.
  deleteProperty(globalThis, 'SharedArrayBuffer');
}
