import { promisify } from 'node:util';
import { createInflateRaw, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { nextTurn } from '../../support/timers.js';

/** Of the levels, the fastest: the next ones save less than a tenth of the bytes, and take up to twice the time. */
const OPTIONS = { level: 1 };
/** To prepare the usual tables takes as long as to deflate this much. */
const SMALL_BYTES = 16 * 1024;
const SMALL_OPTIONS = { ...OPTIONS, windowBits: 13, memLevel: 6 };
/** Up to here it takes less than handing it to another thread and back. */
const AT_ONCE_BYTES = 64 * 1024;
/** Inflating so much takes a few milliseconds. A few bytes may become a thousand times as many. */
const INFLATED_AT_ONCE_BYTES = 1024 * 1024;
/** Copying so much takes a fraction of a millisecond. */
const PIECE_BYTES = 256 * 1024;

/** The bytes inflate to more than they may. */
export class InflatedTooLargeError extends Error {}

/**
 * Deflates bytes. Only for the main thread: a worker that is terminated while zlib makes a stream aborts the process (an assertion of Node,
 * "close before init").
 */
export async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > AT_ONCE_BYTES) return promisify(deflateRaw)(bytes, OPTIONS);
  return deflateRawSync(bytes, bytes.length <= SMALL_BYTES ? SMALL_OPTIONS : OPTIONS);
}

/**
 * @param maxBytes that they may inflate to
 * @throws InflatedTooLargeError when they are more
 * @throws Error when they were not compressed by {@link compress}
 */
export async function decompress(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    if (bytes.length <= AT_ONCE_BYTES)
      return inflateRawSync(bytes, { maxOutputLength: Math.min(maxBytes, INFLATED_AT_ONCE_BYTES) });
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (maxBytes <= INFLATED_AT_ONCE_BYTES) throw tooLarge(maxBytes);
  }
  return inflateInPieces(bytes, maxBytes);
}

/** In another thread, a piece at a time: what comes of it is put together with turns of the event loop in between. */
async function inflateInPieces(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const inflating = createInflateRaw({ chunkSize: PIECE_BYTES });
  inflating.end(bytes);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of inflating as AsyncIterable<Uint8Array>) {
    length += piece.length;
    // Leaving the loop ends the stream.
    if (length > maxBytes) throw tooLarge(maxBytes);
    pieces.push(piece);
  }
  const inflated = new Uint8Array(length);
  let end = 0;
  for (const piece of pieces) {
    inflated.set(piece, end);
    end += piece.length;
    await nextTurn();
  }
  return inflated;
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

function tooLarge(maxBytes: number): InflatedTooLargeError {
  return new InflatedTooLargeError(`it inflates to more than ${maxBytes} bytes`);
}
