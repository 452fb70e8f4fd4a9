import { encodeUnsigned, LebReader } from '../../codec/leb128.js';

const PREAMBLE_BYTES = 8;

/** Sections of a WebAssembly binary, by their ids. */
export const SectionId = { import: 2, memory: 5, global: 6, export: 7, code: 10 } as const;

/** A number of a binary, and the position after it. */
export interface Read {
  readonly value: number;
  readonly next: number;
}

/**
 * Replaces the contents of some sections of a WebAssembly binary.
 *
 * @param change returns the new content of a section; `undefined` keeps it
 */
export function mapSections(
  binary: Uint8Array,
  change: (id: number, content: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const parts: Uint8Array[] = [binary.subarray(0, PREAMBLE_BYTES)];
  for (let at = PREAMBLE_BYTES; at < binary.length; ) {
    const id = binary[at] ?? 0;
    const size = readUnsigned(binary, at + 1);
    const end = size.next + size.value;
    const changed = change(id, binary.subarray(size.next, end));
    if (changed === undefined) parts.push(binary.subarray(at, end));
    else parts.push(Uint8Array.from([id, ...encodeUnsigned(changed.length)]), changed);
    at = end;
  }
  return Buffer.concat(parts);
}

/** A vector with an item appended. */
export function withItem(vector: Uint8Array, item: readonly number[]): Uint8Array {
  const count = readUnsigned(vector, 0);
  return Buffer.concat([
    Uint8Array.from(encodeUnsigned(count.value + 1)),
    vector.subarray(count.next),
    Uint8Array.from(item),
  ]);
}

export function readUnsigned(bytes: Uint8Array, start: number): Read {
  const reader = new LebReader(bytes, start);
  try {
    return { value: reader.unsigned(), next: reader.offset };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Error('The WebAssembly module is cut short.');
  }
}
