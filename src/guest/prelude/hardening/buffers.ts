import { apply, define, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, type Keyed } from '../intrinsics.js';

/**
 * A buffer keeps its bytes where they are, and its length, for as long as it lives. The engine checks bounds and then calls functions of the
 * handler, in many places; a buffer that such a call takes away or shrinks leaves a window on all of memory. So nothing in the VM can do that:
 * what moves bytes copies them, and what changes a length is not there.
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

/** Methods, so that they are no constructors; `newLength` does not count as a parameter. */
const copying = {
  transfer(this: unknown, newLength: unknown = undefined): ArrayBuffer {
    return copied(this, newLength);
  },
  transferToFixedLength(this: unknown, newLength: unknown = undefined): ArrayBuffer {
    return copied(this, newLength);
  },
};

/** As in an engine that does not know of buffers that change their length: programs find out by looking. */
const REMOVED = ['resize', 'resizable', 'maxByteLength'] as const;

/** Before any code of a library or a handler: afterwards nothing refers to the engine's own functions. */
export function fixBuffers(): void {
  const { prototype } = ArrayBuffer as unknown as { prototype: Keyed };
  define(prototype, 'transfer', copying.transfer);
  define(prototype, 'transferToFixedLength', copying.transferToFixedLength);
  for (let i = 0; i < REMOVED.length; i++) deleteProperty(prototype, REMOVED[i] as string);
  // There is one thread, and no Atomics: it would be a buffer like any other, but for `grow`.
  deleteProperty(globalThis, 'SharedArrayBuffer');
}
