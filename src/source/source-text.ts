const BYTE_ORDER_MARK = '\ufeff';

/** A file's byte order mark and hashbang are no part of a function body. Lines stay what they are. */
export function neutraliseFileHeader(source: string): string {
  const text = source.startsWith(BYTE_ORDER_MARK) ? source.slice(1) : source;
  return text.startsWith('#!') ? `//${text.slice(2)}` : text;
}

/** How many characters {@link neutraliseFileHeader} takes from the first line. */
export function fileHeaderShift(source: string): number {
  return source.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
}
