import { inspect } from './inspect.js';
import { isMap, isSet } from './kinds.js';
import { remaining } from './texts.js';
import { widthOf } from './width.js';

const INDEX = '(index)';
const ITERATION_INDEX = '(iteration index)';
const KEY = 'Key';
const VALUES = 'Values';
/** Of one table; what is beyond is counted below it. */
const MAX_ROWS = 1_000;
const MAX_COLUMNS = 100;
const MAX_CHARACTERS = 256 * 1024;
const MAX_ITEMS_IN_CELL = 3;
/** An object of more keys is not shown in a cell. */
const MAX_KEYS_IN_CELL = 2;

/** `console.table`: rows of a list or object, with a column for each key. */
export function table(value: object, only?: unknown): string {
  if (isMap(value)) {
    const rows = [...value].map(([key, item], i) => [String(i), cell(key), cell(item)]);
    return draw([ITERATION_INDEX, KEY, VALUES], rows);
  }
  if (isSet(value))
    return draw(
      [ITERATION_INDEX, VALUES],
      [...value].map((item, i) => [String(i), cell(item)]),
    );
  const indices = Object.keys(value);
  const given = Array.isArray(only) ? only.map(String) : undefined;
  // Its keys stand in the order of the language: numbers first.
  const cells: Record<string, string[]> = { __proto__: null } as unknown as Record<string, string[]>;
  const values: string[] = [];
  let hasValues = false;
  for (let i = 0; i < indices.length && i < MAX_ROWS; i++) {
    const row: unknown = (value as Record<string, unknown>)[indices[i] as string];
    const isPrimitive = (typeof row !== 'object' && typeof row !== 'function') || row === null;
    if (isPrimitive && given === undefined) {
      hasValues = true;
      values[i] = cell(row);
      continue;
    }
    for (const key of given ?? Object.keys(row as object)) {
      cells[key] ??= [];
      if (isPrimitive || !Object.hasOwn(row, key)) continue;
      (cells[key] as string[])[i] = cell((row as Record<string, unknown>)[key]);
    }
  }
  const columns = Object.keys(cells);
  const shown = columns.slice(0, MAX_COLUMNS);
  const left = columns.length - shown.length;
  const head = [INDEX, ...shown, ...(hasValues ? [VALUES] : [])];
  const rows = indices.map((index, i) => [
    index,
    ...shown.map((key) => cells[key]?.[i] ?? ''),
    ...(hasValues ? [values[i] ?? ''] : []),
  ]);
  return draw(head, rows) + (left > 0 ? `\n${remaining(left, 'column')}` : '');
}

function cell(value: unknown): string {
  const isLarge =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > MAX_KEYS_IN_CELL;
  return inspect(value, {
    depth: isLarge ? -1 : 0,
    maxItems: MAX_ITEMS_IN_CELL,
    breakLength: Number.POSITIVE_INFINITY,
  });
}

function draw(head: readonly string[], all: readonly (readonly string[])[]): string {
  let rows = all.slice(0, MAX_ROWS);
  const widths = head.map(
    (name, i) => rows.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), widthOf(name)) + 2,
  );
  const length = widths.reduce((sum, width) => sum + width + 1, 1);
  rows = rows.slice(0, Math.max(1, Math.floor(MAX_CHARACTERS / length)));
  const line = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
  const write = (row: readonly string[]) => `│${row.map((text, i) => padded(text, widths[i] as number)).join('│')}│`;
  const lines = [line('┌', '┬', '┐'), write(head), line('├', '┼', '┤'), ...rows.map(write), line('└', '┴', '┘')];
  if (rows.length < all.length) lines.push(remaining(all.length - rows.length, 'row'));
  return lines.join('\n');
}

function padded(text: string, width: number): string {
  return ` ${text}${' '.repeat(width - widthOf(text) - 1)}`;
}
