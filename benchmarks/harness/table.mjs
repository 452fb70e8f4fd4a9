// Tables as text, for a terminal and as Markdown. A table has an id, columns and rows; a row is data, by the keys of the columns.
import { FORMATS } from './format.mjs';
import { record } from './report.mjs';

/**
 * Prints a table of data and records it for `run.mjs`, which writes it into the results and computes ratios.
 *
 * @param {{ id: string, columns: [key: string, label: string, format: keyof typeof FORMATS][], rows:
 *   object[], note?: string }} table
 */
export function printData(table) {
  record(table);
  const { header, rows } = asText(table);
  print(header, rows);
  for (const note of notesOf(table)) console.log(`\n${note}`);
}

/** Prints a table of text and records it. @param {string[]} header @param {(string | number)[][]} rows */
export function printTable(header, rows) {
  record({ header, text: rows.map((row) => row.map(String)) });
  print(header, rows);
}

function print(header, rows) {
  const lines = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const render = (line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  console.log(render(lines[0]));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const line of lines.slice(1)) console.log(render(line));
}

/** Header and cells of a recorded table of either kind. */
export function asText({ header, text, columns, rows }) {
  if (text !== undefined) return { header, rows: text };
  const cells = rows.map((row) =>
    columns.map(([key, , kind], i) => (i === 1 && row.unavailable ? 'not measured' : FORMATS[kind](row[key]))),
  );
  return { header: columns.map(([, label]) => label), rows: cells };
}

/** The notes below a table: why a row was not measured, and further remarks. */
export function notesOf({ rows = [], note }) {
  const missing = rows.filter(({ unavailable }) => unavailable !== undefined);
  const reasons = missing.map(({ subject, unavailable }) => `${subject}: ${unavailable}`);
  return note === undefined ? reasons : [...reasons, note];
}

/** @param table a recorded table */
export function asMarkdown(table) {
  const { header, rows } = asText(table);
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `| ${header.map((_, i) => (i === 0 ? '---' : '---:')).join(' | ')} |`;
  const notes = notesOf(table).map((note) => `\n${note}`);
  return [line(header), rule, ...rows.map(line), ...notes].join('\n');
}
