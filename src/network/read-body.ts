import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

import { NetworkFailure } from './failure.js';

/** Layers of compression: nobody uses more than one. */
const MAX_ENCODINGS = 2;

/**
 * Reads and unpacks the body of a response within a bound, which holds for what comes as well as for what it is unpacked to.
 *
 * @throws NetworkFailure
 */
export async function readBody(response: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const counter = new Counter(maxBytes);
  const unpacked = unpack(response, counter);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof NetworkFailure) throw error;
    const code = String((error as NodeJS.ErrnoException).code ?? 'unknown');
    // A server may say that nothing is packed.
    if (!(code.startsWith('Z_') && counter.bytes === 0 && response.complete)) {
      const what = /^(?:Z_|ERR_BROTLI|ERR__)/.test(code) ? 'its body cannot be unpacked' : 'its body ends too early';
      throw new NetworkFailure('INVALID_RESPONSE', `${what} (${code})`);
    }
  } finally {
    unpacked.destroy();
    response.destroy();
  }
  // A body that ends with its connection looks whole when we end it.
  if (signal.aborted) throw signal.reason;
  if (!response.complete) throw new NetworkFailure('INVALID_RESPONSE', 'its body ends too early');
  return new Uint8Array(Buffer.concat(chunks));
}

/** Counts the bytes as they come. */
class Counter extends Transform {
  readonly #maxBytes: number;
  bytes = 0;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override _transform(chunk: Buffer, _: unknown, done: (error: Error | null, chunk?: Buffer) => void): void {
    this.bytes += chunk.length;
    if (this.bytes > this.#maxBytes) done(tooLarge(this.#maxBytes));
    else done(null, chunk);
  }
}

function unpack(response: IncomingMessage, counter: Counter): Readable {
  const encodings = String(response.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (encodings.length > MAX_ENCODINGS) {
    throw new NetworkFailure('INVALID_RESPONSE', `the body is packed ${encodings.length} times`);
  }
  const unpackers = encodings.reverse().map(unpacker);
  // An error of one is an error of all behind it: who reads the last one gets it.
  return [counter, ...unpackers].reduce<Readable>((stream, next) => pipeline(stream, next, () => {}), response);
}

function unpacker(encoding: string): Transform {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'br') return createBrotliDecompress();
  if (encoding === 'deflate') return createInflate();
  throw new NetworkFailure('INVALID_RESPONSE', 'the body is packed in a way that is not known');
}

export function tooLarge(maxBytes: number): NetworkFailure {
  return new NetworkFailure(
    'RESPONSE_TOO_LARGE',
    `the response has more than maxResponseBytes (${maxBytes}) of network`,
  );
}
