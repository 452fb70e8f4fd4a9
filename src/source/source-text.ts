/** By which errors name a handler that has no file name of its own. */
export const DEFAULT_FILENAME = 'handler.js';

const BYTE_ORDER_MARK = '\ufeff';

/** Neutralises a byte order mark and a hashbang, which are not part of a function body. Lines do not change. */
export function neutraliseFileHeader(source: string): string {
  const text = source.startsWith(BYTE_ORDER_MARK) ? source.slice(1) : source;
  return text.startsWith('#!') ? `//${text.slice(2)}` : text;
}

/** The number of characters that {@link neutraliseFileHeader} removes from the first line. */
export function fileHeaderShift(source: string): number {
  return source.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
}
