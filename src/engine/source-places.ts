import type { Piece } from '../source/lowering/writer.js';
import { PlaceTable } from './binary-interface.js';

/**
 * Encodes the table by which the engine maps places of a rewritten script to the original, as described in
 * `mends/notes.ts`. The addresses are filled in later.
 */
export function encodePlaces(script: string, pieces: readonly Piece[]): Uint8Array {
  const table = new Uint8Array(PlaceTable.pieces + pieces.length * PlaceTable.pieceBytes);
  const numbers = new DataView(table.buffer);
  numbers.setUint32(PlaceTable.count, pieces.length, true);
  const byteOffsets = offsetsInBytes(
    script,
    pieces.map(({ original }) => original),
  );
  let start = 0;
  pieces.forEach(({ text, original, isCopy }, index) => {
    const piece = PlaceTable.pieces + index * PlaceTable.pieceBytes;
    numbers.setUint32(piece + PlaceTable.start, start, true);
    numbers.setUint32(piece + PlaceTable.original, byteOffsets.get(original) ?? 0, true);
    numbers.setUint32(piece + PlaceTable.step, isCopy ? 1 : 0, true);
    start += Buffer.byteLength(text, 'utf8');
  });
  return table;
}

/** Converts indices into a text to offsets in its UTF-8, in one pass. */
function offsetsInBytes(text: string, indices: readonly number[]): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  let [at, bytes] = [0, 0];
  for (const index of [...indices].sort((a, b) => a - b)) {
    bytes += Buffer.byteLength(text.slice(at, index), 'utf8');
    at = index;
    offsets.set(index, bytes);
  }
  return offsets;
}
