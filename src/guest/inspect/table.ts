import { inspect } from './inspect.js';
import { isMap, isSet } from './kinds.js';

const INDEX = '(index)';
const ITERATION_INDEX = '(iteration index)';
const VALUES = 'Values';
const MAX_ROWS = 1_000;

/** `console.table`: rows of a list or object, with a column for each key. */
export function table(value: object, only?: readonly string[]): string {
  const isCollection = isMap(value) || isSet(value);
  const rows: [string, unknown][] = isMap(value)
    ? [...value].map(([key, item], i) => [String(i), { Key: key, Values: item }])
    : isSet(value)
      ? [...value].map((item, i) => [String(i), item])
      : Object.entries(value);
  const columns: string[] = [];
  let hasValues = false;
  const cells = rows.slice(0, MAX_ROWS).map(([index, row]) => {
    const isRow = typeof row === 'object' && row !== null;
    const byColumn: Record<string, string> = { __proto__: null } as unknown as Record<string, string>;
    if (!isRow) hasValues = true;
    for (const key of isRow ? (only ?? Object.keys(row)) : []) {
      if (!columns.includes(key)) columns.push(key);
      if (Object.hasOwn(row as object, key)) byColumn[key] = cell((row as Record<string, unknown>)[key]);
    }
    return { index, byColumn, value: isRow ? '' : cell(row) };
  });
  const head = [isCollection ? ITERATION_INDEX : INDEX, ...columns, ...(hasValues ? [VALUES] : [])];
  const body = cells.map(({ index, byColumn, value: single }) => [
    index,
    ...columns.map((column) => byColumn[column] ?? ''),
    ...(hasValues ? [single] : []),
  ]);
  return draw(head, body);
}

function cell(value: unknown): string {
  return inspect(value, { depth: typeof value === 'object' && value !== null ? 0 : 2 });
}

function draw(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? '').length)) + 2);
  const line = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
  const write = (row: readonly string[]) => `│${row.map((text, i) => centred(text, widths[i] as number)).join('│')}│`;
  return [line('┌', '┬', '┐'), write(head), line('├', '┼', '┤'), ...rows.map(write), line('└', '┴', '┘')].join('\n');
}

/** As Node 20 does; later versions begin cells on the left. */
function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return ' '.repeat(left) + text + ' '.repeat(width - text.length - left);
}
