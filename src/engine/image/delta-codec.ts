import { LebReader, MAX_UNSIGNED_BYTES, writeUnsigned } from '../../codec/leb128.js';
import { type Delta, FINE } from './delta.js';

/** Addresses and lengths are counted in blocks. */
const UNIT_BYTES = FINE.blockBytes;
/** The highest possible end of linear memory. */
const MAX_ADDRESS = 2 ** 32;

/**
 * Encodes a delta of {@link FINE} granularity: the end of the heap, the number of runs, for each run its
 * distance from the end of the previous one and its length, in blocks except for the number of runs, and then
 * their content. Numbers are LEB128.
 */
export function encodeDelta({ addresses, ends, bytes, heapEnd }: Delta): Uint8Array {
  const table = new Uint8Array(MAX_UNSIGNED_BYTES * (2 + 2 * addresses.length));
  let size = writeUnsigned(table, 0, heapEnd / UNIT_BYTES);
  size = writeUnsigned(table, size, addresses.length);
  let address = 0;
  let offset = 0;
  for (let i = 0; i < addresses.length; i++) {
    const start = addresses[i] ?? 0;
    const length = (ends[i] ?? 0) - offset;
    if (start % UNIT_BYTES !== 0 || length % UNIT_BYTES !== 0)
      throw new RangeError('a delta is not of fine granularity');
    size = writeUnsigned(table, size, (start - address) / UNIT_BYTES);
    size = writeUnsigned(table, size, length / UNIT_BYTES);
    address = start + length;
    offset += length;
  }
  return Buffer.concat([table.subarray(0, size), bytes]);
}

/**
 * The reverse of {@link encodeDelta}.
 *
 * @throws RangeError if the bytes are not a delta
 */
export function decodeDelta(encoded: Uint8Array): Delta {
  const table = new LebReader(encoded);
  const heapEnd = table.unsigned() * UNIT_BYTES;
  if (heapEnd > MAX_ADDRESS) throw new RangeError('the heap of a delta ends outside of memory');
  const count = table.unsigned();
  // Each run has two numbers of at least a byte.
  if (count > encoded.length / 2) throw new RangeError('a delta has more runs than bytes');
  const addresses = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let address = 0;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const start = address + table.unsigned() * UNIT_BYTES;
    const length = table.unsigned() * UNIT_BYTES;
    if (length === 0) throw new RangeError('a run of a delta is empty');
    address = start + length;
    if (address > MAX_ADDRESS) throw new RangeError('a run of a delta ends outside of memory');
    end += length;
    addresses[i] = start;
    ends[i] = end;
  }
  const bytes = encoded.subarray(table.offset);
  if (end !== bytes.length) throw new RangeError('a delta is longer or shorter than its runs');
  return { addresses, ends, bytes, heapEnd };
}
