/**
 * A Markdown table whose columns are aligned.
 *
 * @param rows of cells, with the header first
 */
export function aligned(rows) {
  const widths = rows[0].map((_title, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
}
