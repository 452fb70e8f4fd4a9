/** A copy in shared memory, so that it need not be copied to other threads. */
export function toShared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** Bytes that do not change: the same ones if they are in shared memory, otherwise a copy there. */
export function asShared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  return bytes.buffer instanceof SharedArrayBuffer ? (bytes as Uint8Array<SharedArrayBuffer>) : toShared(bytes);
}
