import { createHash } from 'node:crypto';
import { setImmediate } from './timers.js';

/**
 * Characters or bytes that are worked on at a time, between two turns of the event loop: hashing or encoding so many takes some
 * milliseconds.
 */
export const SLICE_LENGTH = 1024 * 1024;

/** Lets everything else that waits for the event loop have its turn. */
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
export async function* byteSlicesInTurns(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for (const slice of byteSlicesOf(bytes)) {
    if (!isFirst) await waitATurn();
    isFirst = false;
    yield slice;
  }
}

/** At once when it is one slice, otherwise with turns of the event loop in between. */
export async function sha256(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  if (bytes.length <= SLICE_LENGTH) return hash.update(bytes).digest();
  for await (const slice of byteSlicesInTurns(bytes)) hash.update(slice);
  return hash.digest();
}
