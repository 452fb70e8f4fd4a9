import { type Delta, FINE } from './image.js';

/** Addresses and lengths are counted in blocks. */
const UNIT_BYTES = FINE.blockBytes;
/** Linear memory ends here at the latest. */
const MAX_ADDRESS = 2 ** 32;
/** Of a number below 2^32. */
const MAX_VARINT_BYTES = 5;

/**
 * A delta of {@link FINE} grain as bytes: the number of runs, for each its distance from the end of the one before it and its
 * length, in blocks, then their content. Numbers are LEB128.
 */
export function encodeDelta({ addresses, ends, bytes }: Delta): Uint8Array {
  const table = new Uint8Array(MAX_VARINT_BYTES * (1 + 2 * addresses.length));
  let size = writeVarint(table, 0, addresses.length);
  let address = 0;
  let offset = 0;
  for (let i = 0; i < addresses.length; i++) {
    const start = addresses[i] ?? 0;
    const length = (ends[i] ?? 0) - offset;
    if (start % UNIT_BYTES !== 0 || length % UNIT_BYTES !== 0) throw new RangeError('a delta is not of fine grain');
    size = writeVarint(table, size, (start - address) / UNIT_BYTES);
    size = writeVarint(table, size, length / UNIT_BYTES);
    address = start + length;
    offset += length;
  }
  return Buffer.concat([table.subarray(0, size), bytes]);
}

/**
 * The reverse of {@link encodeDelta}.
 *
 * @throws RangeError when the bytes are no delta
 */
export function decodeDelta(encoded: Uint8Array): Delta {
  const table = new VarintReader(encoded);
  const count = table.next();
  // Each run has two numbers of at least a byte.
  if (count > encoded.length / 2) throw new RangeError('a delta has more runs than bytes');
  const addresses = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let address = 0;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const start = address + table.next() * UNIT_BYTES;
    const length = table.next() * UNIT_BYTES;
    if (length === 0) throw new RangeError('a run of a delta is empty');
    address = start + length;
    if (address > MAX_ADDRESS) throw new RangeError('a run of a delta ends outside of memory');
    end += length;
    addresses[i] = start;
    ends[i] = end;
  }
  const bytes = encoded.subarray(table.offset);
  if (end !== bytes.length) throw new RangeError('a delta is longer or shorter than its runs');
  return { addresses, ends, bytes };
}

function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value;
  while (rest > 0x7f) {
    bytes[offset++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[offset++] = rest;
  return offset;
}

class VarintReader {
  offset = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#bytes[this.offset++];
      if (byte === undefined) throw new RangeError('a delta ends in its table');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new RangeError('a number of a delta is too long');
  }
}
