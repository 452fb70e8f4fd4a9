/** A position in a text, both from 1. */
export interface SourceLocation {
  readonly line: number;
  readonly column: number;
}

const LINES_BEFORE = 3;
const LINES_AFTER = 1;
/** A minified line is cut around the column. */
const MAX_LINE_LENGTH = 120;

/**
 * Up to five lines of `source` around `location`, numbered, with a caret under the column:
 *
 *     2 | const total = items.reduce(
 *     3 |   (sum, item) => sum + item.price.amount,
 *       |                                   ^
 */
export function renderSnippet(source: string, location: SourceLocation): string {
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/);
  const first = Math.max(1, location.line - LINES_BEFORE);
  const last = Math.min(lines.length, location.line + LINES_AFTER);
  const gutter = String(last).length;
  const cut = Math.max(0, location.column - 1 - Math.floor(MAX_LINE_LENGTH / 2));
  const rendered: string[] = [];
  for (let number = first; number <= last; number++) {
    const line = lines[number - 1] ?? '';
    const long = number === location.line && line.length > MAX_LINE_LENGTH;
    const shown = (long ? line.slice(cut) : line).slice(0, MAX_LINE_LENGTH).trimEnd();
    rendered.push(`${String(number).padStart(gutter)} | ${shown}`.trimEnd());
    if (number === location.line) {
      const column = location.column - 1 - (long ? cut : 0);
      rendered.push(`${' '.repeat(gutter)} | ${' '.repeat(Math.max(0, column))}^`);
    }
  }
  return rendered.join('\n');
}
