import { promisify } from 'node:util';
import { createInflateRaw, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { nextTurn } from './timers.js';

/** The fastest level: the next ones save less than a tenth of the bytes, and take up to twice the time. */
const OPTIONS = { level: 1 };
/** Preparing the usual tables takes as long as deflating this much. */
const SMALL_BYTES = 16 * 1024;
const SMALL_OPTIONS = { ...OPTIONS, windowBits: 13, memLevel: 6 };
/** Up to this size, it takes less time than using another thread. */
const AT_ONCE_BYTES = 64 * 1024;
/** Inflating this much takes a few milliseconds. A few bytes may inflate to a thousand times as many. */
const INFLATED_AT_ONCE_BYTES = 1024 * 1024;
/** Copying this much takes a fraction of a millisecond. */
const PIECE_BYTES = 256 * 1024;

/** The bytes inflate to more than allowed. */
export class InflatedTooLargeError extends Error {}

/**
 * Deflates bytes. Only for the main thread: terminating a worker while zlib creates a stream aborts the
 * process (an assertion of Node, "close before init").
 */
export async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > AT_ONCE_BYTES) return promisify(deflateRaw)(bytes, OPTIONS);
  return deflateRawSync(bytes, bytes.length <= SMALL_BYTES ? SMALL_OPTIONS : OPTIONS);
}

/**
 * @param maxBytes the limit of the inflated size
 * @throws InflatedTooLargeError if they inflate to more
 * @throws Error if {@link compress} did not compress them
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

/** Inflates in another thread, piece by piece; the pieces are joined with turns of the event loop in between. */
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
