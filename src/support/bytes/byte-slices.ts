import { createHash } from 'node:crypto';
import { setImmediate } from '../timers.js';

/**
 * The number of characters or bytes that are processed between two turns of the event loop: hashing or
 * encoding so many takes some milliseconds.
 */
export const SLICE_LENGTH = 1024 * 1024;

/** Gives the event loop a turn. */
export function waitATurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Bytes in slices: views, not copies. */
export function* byteSlicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += SLICE_LENGTH) {
    yield bytes.subarray(start, start + SLICE_LENGTH);
  }
}

/** {@link byteSlicesOf} with a turn of the event loop between two of them. */
async function* byteSlicesInTurns(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for (const slice of byteSlicesOf(bytes)) {
    if (!isFirst) await waitATurn();
    isFirst = false;
    yield slice;
  }
}

/** Hashes one slice at once, and more with turns of the event loop in between. */
export async function sha256(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  if (bytes.length <= SLICE_LENGTH) return hash.update(bytes).digest();
  for await (const slice of byteSlicesInTurns(bytes)) hash.update(slice);
  return hash.digest();
}
