import { type EnginePlace, SourceLines, type SourceLocation } from './source-lines.js';
import { fileHeaderShift, neutraliseFileHeader } from './source-text.js';

/** Part of the cache key: raise it whenever the same handler would be wrapped differently. */
export const WRAPPER_VERSION = 2;

const PREFIX = '(async function(){';
/** The number of characters before the source in the script. */
export const PREFIX_LENGTH = PREFIX.length;
/** Has the same length. A handler without `await` needs no promise, which costs more than many handlers. */
const SYNCHRONOUS_PREFIX = '(      function(){';
const AWAIT = /await/;
/** On a separate line, so that a comment at the end of the source does not hide it. */
const SUFFIX = '\n})';
export const SUFFIX_LENGTH = SUFFIX.length;

/** The message for a source that closes its function. */
export const ESCAPED_WRAPPER =
  'The handler closes the function it is the body of: a "}" has no "{" before it. ' +
  'A handler must be the body of one function.';

/**
 * The script whose value is the handler: a function with the source as its body, which behaves like an async
 * function for the handler. The source starts on line 1, so lines are the author's; {@link toAuthorLocation}
 * corrects the columns of line 1.
 */
export function wrapHandler(source: string): string {
  return functionStart(source) + neutraliseFileHeader(source) + SUFFIX;
}

/** What precedes code that becomes the body of the function. */
export function functionStart(code: string): string {
  return AWAIT.test(code) ? PREFIX : SYNCHRONOUS_PREFIX;
}

/** What follows it, on a line of its own. */
export const FUNCTION_END = SUFFIX.trimStart();

/** A source at the place where {@link wrapHandler} has it, without a function around it. */
export function blankWrapper(source: string): string {
  return ' '.repeat(PREFIX_LENGTH) + neutraliseFileHeader(source) + ' '.repeat(SUFFIX_LENGTH);
}

/**
 * Converts a place in the wrapped script to the author's source. If the source ends within an unfinished
 * construct, the engine reports our suffix, which becomes the end of the source.
 *
 * @param text the author's source; if undefined, the place stays as the engine counts
 */
export function toAuthorLocation(place: EnginePlace, text: string | SourceLines | undefined): SourceLocation {
  const lines = text === undefined ? undefined : SourceLines.of(text);
  // All of it is one unit and one code point a character.
  const shift = place.line === 1 ? fileHeaderShift(lines?.source ?? '') - PREFIX.length : 0;
  const moved = { line: place.line, column: Math.max(1, place.column + shift) };
  return lines?.fromEngine(moved) ?? moved;
}

/** Converts an index into the wrapped script, from a parser that is not the engine's, to a place in the author's source. */
export function authorLocationAt(offset: number, text: string | SourceLines): SourceLocation {
  const lines = SourceLines.of(text);
  const inSource = offset - PREFIX.length + fileHeaderShift(lines.source);
  return lines.locationAt(Math.max(0, Math.min(inSource, lines.source.length)));
}
