export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/** Zeros in shared memory. */
export function sharedBytes(length: number): SharedBytes {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** A copy in shared memory, so that it need not be copied to other threads. */
export function toShared(bytes: Uint8Array): SharedBytes {
  const shared = sharedBytes(bytes.length);
  shared.set(bytes);
  return shared;
}

/** Bytes that do not change: the same ones if they are in shared memory, otherwise a copy there. */
export function asShared(bytes: Uint8Array): SharedBytes {
  return bytes.buffer instanceof SharedArrayBuffer ? (bytes as SharedBytes) : toShared(bytes);
}
