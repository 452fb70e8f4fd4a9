import { SourceLines, type SourceLocation } from './source-lines.js';
import { fileHeaderShift, neutraliseFileHeader } from './source-text.js';

/** Raise it whenever the same handler would be wrapped into another script: it is part of the cache key. */
export const WRAPPER_VERSION = 2;

const PREFIX = '(async function(){';
/** How many characters of the script stand before the source. */
export const PREFIX_LENGTH = PREFIX.length;
/** As long as the other. A handler that cannot wait is spared a promise, which costs more than many a handler. */
const SYNCHRONOUS_PREFIX = '(      function(){';
const AWAIT = /await/;
/** On a line of its own, so that a comment at the end of the source does not swallow it. */
const SUFFIX = '\n})';

/** Why a source that closes its function is refused. */
export const ESCAPED_WRAPPER =
  'The handler closes the function it is the body of: a "}" has no "{" before it. ' +
  'A handler must be the body of one function.';

/**
 * The script whose value is the handler: a function with the source as its body, which is to the handler like the body of an async
 * function. The source begins on line 1, so lines are the author's; columns of line 1 are put right by {@link toAuthorLocation}.
 */
export function wrapHandler(source: string): string {
  const prefix = AWAIT.test(source) ? PREFIX : SYNCHRONOUS_PREFIX;
  return prefix + neutraliseFileHeader(source) + SUFFIX;
}

/**
 * A place in the wrapped script as a place in what the author wrote. When something is open at the end of the source, the
 * engine stumbles over our suffix: that is the end of the source then.
 *
 * @param text what the author wrote; undefined when it is not at hand, and the place is not checked against it
 */
export function toAuthorLocation(place: SourceLocation, text: string | SourceLines | undefined): SourceLocation {
  const lines = text === undefined ? undefined : SourceLines.of(text);
  const shift = place.line === 1 ? fileHeaderShift(lines?.source ?? '') - PREFIX.length : 0;
  const moved = { line: place.line, column: place.column + shift };
  return lines?.clamp(moved) ?? { line: moved.line, column: Math.max(1, moved.column) };
}
