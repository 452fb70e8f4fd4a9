import type { Piece } from '../source/lowering/writer.js';
import { PlaceTable } from './binary-interface.js';

/**
 * How the engine finds the places of a script in the form that it was given: a table as `mends/notes.ts` describes it, in which the
 * addresses are still missing.
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

/** Where these indices into a text are in its UTF-8, in one pass. */
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
