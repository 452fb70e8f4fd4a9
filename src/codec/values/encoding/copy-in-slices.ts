import { byteSlicesOf, SLICE_LENGTH } from '../../../support/bytes/byte-slices.js';

/** Copies parts into one buffer; pauses after each slice. */
export function* copyInSlices(parts: readonly Uint8Array[], whole: Uint8Array): Generator<undefined, Uint8Array> {
  let offset = 0;
  for (const part of parts) {
    for (const slice of byteSlicesOf(part)) {
      whole.set(slice, offset);
      offset += slice.length;
      if (slice.length === SLICE_LENGTH) yield;
    }
  }
  return whole;
}
