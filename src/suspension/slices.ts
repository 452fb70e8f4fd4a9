import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** Hashing or encrypting as much takes about a millisecond. */
const SLICE_BYTES = 1024 * 1024;

/** Parts of bytes, in order, with a turn of the event loop between them: work on large ones does not hold the thread. */
export async function* slicesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    if (start > 0) await setImmediate();
    yield bytes.subarray(start, start + SLICE_BYTES);
  }
}

/** Whether work on bytes can be done at once. */
export function isOneSlice(bytes: Uint8Array): boolean {
  return bytes.length <= SLICE_BYTES;
}

export async function sha256(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  if (isOneSlice(bytes)) return hash.update(bytes).digest();
  for await (const slice of slicesOf(bytes)) hash.update(slice);
  return hash.digest();
}
