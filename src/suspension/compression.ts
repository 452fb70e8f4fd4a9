import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';

/** Of the levels, the fastest: the next ones save less than a tenth of the bytes, and take up to twice the time. */
const OPTIONS = { level: 1 };
/** To prepare the usual tables takes as long as to deflate this much. */
const SMALL_BYTES = 16 * 1024;
const SMALL_OPTIONS = { ...OPTIONS, windowBits: 13, memLevel: 6 };
/** Up to here it takes less than handing it to another thread and back. */
const AT_ONCE_BYTES = 64 * 1024;
/** No memory of a VM is larger. */
const MAX_BYTES = 2 ** 31;

/**
 * Of zlib, which no worker may use: a thread that is ended while it makes a stream takes the process with it (an assertion of Node, "close
 * before init").
 */
export async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > AT_ONCE_BYTES) return promisify(deflateRaw)(bytes, OPTIONS);
  return deflateRawSync(bytes, bytes.length <= SMALL_BYTES ? SMALL_OPTIONS : OPTIONS);
}

/** @throws Error when they were not compressed by {@link compress} */
export async function decompress(bytes: Uint8Array): Promise<Uint8Array> {
  const options = { maxOutputLength: MAX_BYTES };
  return bytes.length > AT_ONCE_BYTES ? promisify(inflateRaw)(bytes, options) : inflateRawSync(bytes, options);
}
