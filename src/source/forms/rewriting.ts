import type { Piece } from '../lowering/writer.js';
import type { EnginePlace } from '../source-lines.js';
import { PREFIX_LENGTH, SUFFIX_LENGTH } from '../wrapper.js';

/**
 * The place of what is added around a handler: the first character of the script, where no code of a body is. Frames of a stack with
 * this place are left out.
 */
export const ADDED_PLACE = 0;

/** Whether the engine's place is {@link ADDED_PLACE}. */
export function isAddedPlace({ line, column }: EnginePlace): boolean {
  return line === 1 && column === ADDED_PLACE + 1;
}

/** A part of the script that is replaced; nothing is, if it is empty. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A script in another form, as `engine/source-compiler.ts` compiles it. */
export interface Rewriting {
  readonly text: string;
  /** In the order of the text. */
  readonly pieces: readonly Piece[];
}

/**
 * Writes the source in a script again, between a head and a tail of ours.
 *
 * @param script with what `wrapHandler` has around the source, which is replaced
 * @param edits in the order of the script
 */
export function rewrite(script: string, head: string, edits: readonly Edit[], tail: string): Rewriting {
  const source = edited(script, PREFIX_LENGTH, script.length - SUFFIX_LENGTH, edits);
  // On a line of its own: the source may end with a comment.
  return joined([added(head), ...source, added(`\n${tail}`)]);
}

/**
 * {@link rewrite} with some parts of the source before all others.
 *
 * @param moved parts of the script in its order; no edit crosses their bounds
 * @param between what follows them
 */
export function rewriteMoving(
  script: string,
  heads: { readonly first: string; readonly second: string },
  edits: readonly Edit[],
  moved: readonly { readonly start: number; readonly end: number }[],
  tail: string,
): Rewriting {
  const first: Piece[] = [];
  const staying: Edit[] = [];
  let next = 0;
  for (const range of moved) {
    for (; (edits[next]?.start ?? Infinity) < range.start; next++) staying.push(edits[next] as Edit);
    const own: Edit[] = [];
    // One at its very end is an insertion that belongs to it.
    for (; (edits[next]?.end ?? Infinity) <= range.end; next++) own.push(edits[next] as Edit);
    first.push(...edited(script, range.start, range.end, own), added('\n;'));
    staying.push({ start: range.start, end: range.end, text: '' });
  }
  staying.push(...edits.slice(next));
  const rest = edited(script, PREFIX_LENGTH, script.length - SUFFIX_LENGTH, staying);
  return joined([added(heads.first), ...first, added(heads.second), ...rest, added(`\n${tail}`)]);
}

/** A part of the script with its edits. */
function edited(script: string, from: number, to: number, edits: readonly Edit[]): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  const copy = (end: number) => {
    if (at < end) pieces.push({ text: script.slice(at, end), original: at, isCopy: true });
  };
  for (const { start, end, text } of edits) {
    copy(start);
    if (text !== '') pieces.push({ text, original: start, isCopy: false });
    at = end;
  }
  copy(to);
  return pieces;
}

function added(text: string): Piece {
  return { text, original: ADDED_PLACE, isCopy: false };
}

function joined(pieces: readonly Piece[]): Rewriting {
  return { text: pieces.map(({ text }) => text).join(''), pieces };
}

/** The index into the script of an index into the text that was written of it. */
export function originalOf(pieces: readonly Piece[], offset: number): number {
  let start = 0;
  for (const { text, original, isCopy } of pieces) {
    if (offset < start + text.length) return original + (isCopy ? offset - start : 0);
    start += text.length;
  }
  return pieces.at(-1)?.original ?? offset;
}

/** The pieces of a text that was written in two steps, as pieces of the script with which they began. */
export function composed(later: readonly Piece[], earlier: readonly Piece[]): Piece[] {
  return later.flatMap((piece) => {
    if (!piece.isCopy) return [{ ...piece, original: originalOf(earlier, piece.original) }];
    return within(earlier, piece.original, piece.text.length);
  });
}

/** The parts of pieces that make up a range of their text. */
function within(pieces: readonly Piece[], from: number, length: number): Piece[] {
  const found: Piece[] = [];
  let start = 0;
  for (const { text, original, isCopy } of pieces) {
    const [first, last] = [Math.max(from, start), Math.min(from + length, start + text.length)];
    if (first < last) {
      const part = text.slice(first - start, last - start);
      found.push({ text: part, original: original + (isCopy ? first - start : 0), isCopy });
    }
    start += text.length;
  }
  return found;
}
