import { ValueDecoder } from '../../codec/values/decoding/decode.js';
import { MAX_NODES, OWN_END } from '../../codec/values/decoding/decoding-bounds.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { inSlices } from '../../support/slices.js';

/** Smaller ones are read at once. */
const AT_ONCE_BYTES = 1_024;
/** The outcome of the VM is not larger, but the surrounding data adds a little. */
const MAX_VALUES = 2 * MAX_NODES;

/**
 * Encodes values of a handler as one document, in slices, because the handler chooses their size. They must not change meanwhile.
 *
 * @throws NotTransferableError
 */
export function encodeValues(values: readonly unknown[], root: string): Promise<Uint8Array> | Uint8Array {
  const encoder = new ValueEncoder();
  encoder.beginFields(values, [root], Number.POSITIVE_INFINITY);
  return inSlices((until) => (encoder.run(until) ? { done: encoder.finish() } : undefined));
}

/**
 * Decodes what {@link encodeValues} wrote, in slices.
 *
 * @throws MalformedValueError
 */
export function decodeValues(content: Uint8Array): Promise<unknown[]> | unknown[] {
  const decoder = new ValueDecoder(content, true, { maxNodes: MAX_VALUES, end: OWN_END });
  const step = (until: number) => (decoder.run(until) ? { done: decoder.fields } : undefined);
  if (content.length > AT_ONCE_BYTES) return inSlices(step);
  decoder.run();
  return decoder.fields;
}
