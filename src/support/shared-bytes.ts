/** A copy in memory that every thread sees, so that it is not copied again. */
export function toShared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** Bytes that nobody changes: themselves if they are in shared memory, or else a copy there. */
export function asShared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  return bytes.buffer instanceof SharedArrayBuffer ? (bytes as Uint8Array<SharedArrayBuffer>) : toShared(bytes);
}
