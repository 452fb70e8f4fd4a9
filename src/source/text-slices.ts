import { byteSlicesOf, SLICE_LENGTH, waitATurn } from '../support/bytes/byte-slices.js';

const HIGH_SURROGATES_START = 0xd800;
const HIGH_SURROGATES_END = 0xdbff;

/** Splits a text into slices; none ends within a surrogate pair. */
export function* slicesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + SLICE_LENGTH, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= HIGH_SURROGATES_START && last <= HIGH_SURROGATES_END) end++;
    yield text.slice(start, end);
    start = end;
  }
}

/**
 * Encodes a text in UTF-8, with turns of the event loop in between.
 *
 * @param onLength called first, with the length in bytes
 * @param onSlice called with every slice
 */
export async function encodeInSlices(
  text: string,
  onLength: (bytes: number) => void = () => {},
  onSlice: (bytes: Uint8Array) => void = () => {},
): Promise<Uint8Array<SharedArrayBuffer>> {
  let length = 0;
  for (const slice of slicesOf(text)) {
    length += Buffer.byteLength(slice, 'utf8');
    await waitATurn();
  }
  onLength(length);
  const memory = new SharedArrayBuffer(length);
  const encoded = Buffer.from(memory);
  let at = 0;
  for (const slice of slicesOf(text)) {
    const end = at + encoded.write(slice, at, 'utf8');
    onSlice(encoded.subarray(at, end));
    at = end;
    await waitATurn();
  }
  return new Uint8Array(memory);
}

/** Decodes UTF-8, with turns of the event loop in between. Invalid bytes become U+FFFD. */
export async function decodeInSlices(bytes: Uint8Array): Promise<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const pieces: string[] = [];
  for (const slice of byteSlicesOf(bytes)) {
    pieces.push(decoder.decode(slice, { stream: true }));
    await waitATurn();
  }
  pieces.push(decoder.decode());
  return pieces.join('');
}
