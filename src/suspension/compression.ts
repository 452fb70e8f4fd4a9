import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

import { incompatible } from './incompatible.js';

const deflateAsync = promisify(deflateRaw);
const inflateAsync = promisify(inflateRaw);

/** Raw deflate, off the main thread. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  return deflateAsync(bytes);
}

/**
 * The reverse of {@link deflate}.
 *
 * @param maxBytes of the result: a few bytes can be made to inflate to any amount
 * @throws NexusError SUSPENSION_INCOMPATIBLE when it is no deflated data, or more than that comes of it
 */
export async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    // zlib takes no bound of 0.
    const inflated = await inflateAsync(bytes, { maxOutputLength: Math.max(1, maxBytes) });
    if (inflated.length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    return inflated;
  } catch (error) {
    const message = `The image of a suspended handler does not inflate to at most ${maxBytes} bytes: ${String(error)}`;
    throw incompatible('content', message, { maxBytes });
  }
}
