/** A position in a text, both from 1. */
export interface SourceLocation {
  readonly line: number;
  readonly column: number;
}

const LINES_BEFORE = 3;
const LINES_AFTER = 1;
/** A minified line is cut around the column. */
const MAX_LINE_LENGTH = 120;
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

/**
 * The lines from `first` to `last`, and the number of the last line when the text ends before. Reads no further than it
 * has to: sources may be megabytes.
 */
export function readLines(source: string, first: number, last: number): { lines: string[]; lastLine?: number } {
  const terminator = /\r\n|[\n\r\u2028\u2029]/g;
  const lines: string[] = [];
  let start = 0;
  for (let number = 1; number <= last; number++) {
    const end = terminator.exec(source);
    if (number >= first) lines.push(source.slice(start, end?.index ?? source.length));
    if (end === null) return { lines, lastLine: number };
    start = terminator.lastIndex;
  }
  return { lines };
}

/** A location inside of the text: what lies behind a line's or the text's end is moved to it. */
export function clampLocation(source: string, { line, column }: SourceLocation): SourceLocation {
  const { lines, lastLine } = readLines(source, line, line);
  if (lines.length === 0 && lastLine !== undefined) {
    const end = readLines(source, lastLine, lastLine).lines[0] ?? '';
    return { line: lastLine, column: end.length + 1 };
  }
  return { line, column: Math.max(1, Math.min(column, (lines[0] ?? '').length + 1)) };
}

/**
 * Up to five lines of `source` around `location`, numbered, with a caret under the column:
 *
 *     2 | const total = items.reduce(
 *     3 |   (sum, item) => sum + item.price.amount,
 *       |                                   ^
 */
export function renderSnippet(source: string, given: SourceLocation): string {
  const location = clampLocation(source, given);
  const first = Math.max(1, location.line - LINES_BEFORE);
  const { lines } = readLines(source, first, location.line + LINES_AFTER);
  const gutter = String(first + lines.length - 1).length;
  const cut = Math.max(0, location.column - 1 - Math.floor(MAX_LINE_LENGTH / 2));
  const rendered: string[] = [];
  lines.forEach((line, i) => {
    const number = first + i;
    const isLong = number === location.line && line.length > MAX_LINE_LENGTH;
    const shown = (isLong ? line.slice(cut) : line).slice(0, MAX_LINE_LENGTH).trimEnd();
    rendered.push(`${String(number).padStart(gutter)} | ${shown}`.trimEnd());
    if (number === location.line) {
      const column = location.column - 1 - (isLong ? cut : 0);
      rendered.push(`${' '.repeat(gutter)} | ${' '.repeat(Math.max(0, column))}^`);
    }
  });
  return rendered.join('\n');
}
