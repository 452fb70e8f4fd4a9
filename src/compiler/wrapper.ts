import type { SourceLocation } from '../contract/source-text.js';

/** Raise it whenever the same handler would be wrapped into another script: it is part of the cache key. */
export const WRAPPER_VERSION = 1;

const PREFIX = '(async function(){';
/** On a line of its own, so that a comment at the end of the source does not swallow it. */
const SUFFIX = '\n})';
const BYTE_ORDER_MARK = '\ufeff';

/**
 * The script whose value is the handler: an async function with the source as its body. The source begins on line 1, so
 * lines are the author's; columns of line 1 are put right by {@link toAuthorLocation}.
 */
export function wrapHandler(source: string): string {
  return PREFIX + neutralise(source) + SUFFIX;
}

/** A place in the wrapped script as a place in what the author wrote. */
export function toAuthorLocation(location: SourceLocation, source: string): SourceLocation {
  const { line, column } = location;
  if (line === 1) {
    const mark = source.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
    return { line, column: Math.max(1, column - PREFIX.length + mark) };
  }
  // Something is open when the source ends: the engine stumbles over our suffix.
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/);
  const last = lines.at(-1) ?? '';
  return line > lines.length ? { line: lines.length, column: last.length + 1 } : location;
}

/** A file's byte order mark and hashbang are no part of a function body. */
function neutralise(source: string): string {
  const text = source.startsWith(BYTE_ORDER_MARK) ? source.slice(1) : source;
  return text.startsWith('#!') ? `//${text.slice(2)}` : text;
}
