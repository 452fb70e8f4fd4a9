import type { Block } from './blocks.js';
import { lineStarts } from './instrument.js';

/** How often each part of a file was executed. */
export interface FileCoverage {
  /** Absolute. */
  readonly path: string;
  readonly source: string;
  readonly blocks: readonly Block[];
  /** The number of executions that reached each block. */
  readonly hits: readonly number[];
}

/**
 * A record of an lcov file. A line counts as its innermost block does that spans all of it, as with V8 and c8.
 */
export function lcovOf({ path, source, blocks, hits }: FileCoverage): string {
  const starts = lineStarts(source);
  const lineOf = (offset: number) => starts.findLastIndex((start) => start <= offset) + 1;
  const lines = countLines(source, starts, blocks, hits);
  const functions = blocks.flatMap(({ kind, start, name }, i) =>
    kind === 'function' ? [{ line: lineOf(start), name: `${name}:${lineOf(start)}`, hits: hits[i] ?? 0 }] : [],
  );
  const branches = blocks.flatMap(({ kind, start }, i) =>
    kind === 'branch' ? [{ line: lineOf(start), number: i, hits: hits[i] ?? 0 }] : [],
  );
  const known = lines.map((count, i) => ({ line: i + 1, hits: count }));
  return recordOf({ path, functions, branches, lines: known });
}

/** What is told of a file. */
export interface LcovRecord {
  readonly path: string;
  readonly functions: readonly { readonly line: number; readonly name: string; readonly hits: number }[];
  readonly branches: readonly { readonly line: number; readonly number: number; readonly hits: number }[];
  readonly lines: readonly { readonly line: number; readonly hits: number }[];
}

/** @see https://github.com/linux-test-project/lcov, geninfo(1) */
export function recordOf({ path, functions, branches, lines }: LcovRecord): string {
  return [
    'TN:',
    `SF:${path}`,
    ...functions.map(({ line, name }) => `FN:${line},${name}`),
    ...functions.map(({ name, hits: count }) => `FNDA:${count},${name}`),
    `FNF:${functions.length}`,
    `FNH:${functions.filter(isHit).length}`,
    ...branches.map(({ line, number, hits: count }) => `BRDA:${line},${number},0,${count}`),
    `BRF:${branches.length}`,
    `BRH:${branches.filter(isHit).length}`,
    ...lines.map(({ line, hits: count }) => `DA:${line},${count}`),
    `LF:${lines.length}`,
    `LH:${lines.filter(isHit).length}`,
    'end_of_record\n',
  ].join('\n');
}

function countLines(source: string, starts: readonly number[], blocks: readonly Block[], hits: readonly number[]) {
  const counts = starts.map(() => hits[0] ?? 0);
  // A last line without text is none.
  if (source.length === starts.at(-1)) counts.pop();
  // The handler itself, which need not begin and end with lines, is the first.
  for (let i = 1; i < blocks.length; i++) {
    const { start, end } = blocks[i] as Block;
    for (let line = starts.findLastIndex((at) => at <= start); line < counts.length; line++) {
      const lineStart = starts[line] as number;
      if (lineStart >= end) break;
      const lineEnd = endOf(source, starts, line);
      if (lineStart >= start && lineEnd <= end) counts[line] = hits[i] ?? 0;
    }
  }
  return counts;
}

/** Without the line break. */
function endOf(source: string, starts: readonly number[], line: number): number {
  const next = starts[line + 1] ?? source.length + 1;
  return source.slice(starts[line], next).replace(/[\n\r]+$/, '').length + (starts[line] as number);
}

function isHit({ hits }: { readonly hits: number }): boolean {
  return hits > 0;
}
