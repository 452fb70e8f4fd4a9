import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';

/** Of the levels, the fastest: the next ones save less than a tenth of the bytes, and take up to twice the time. */
const OPTIONS = { level: 1 };
/** To prepare the usual tables takes as long as to deflate this much. */
const SMALL_BYTES = 16 * 1024;
const SMALL_OPTIONS = { ...OPTIONS, windowBits: 13, memLevel: 6 };
/** Up to here it takes less than handing it to another thread and back. */
const AT_ONCE_BYTES = 64 * 1024;
/** Inflating so much takes a few milliseconds. A few bytes may become a thousand times as many. */
const INFLATED_AT_ONCE_BYTES = 1024 * 1024;
/** For zlib, whose pieces are handed to the main thread one by one. */
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
  try {
    return await promisify(inflateRaw)(bytes, { maxOutputLength: maxBytes, chunkSize: PIECE_BYTES });
  } catch (error) {
    throw isTooLarge(error) ? tooLarge(maxBytes) : error;
  }
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

function tooLarge(maxBytes: number): InflatedTooLargeError {
  return new InflatedTooLargeError(`it inflates to more than ${maxBytes} bytes`);
}
