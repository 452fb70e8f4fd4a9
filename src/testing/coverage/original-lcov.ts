import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { FilePlace, SourceMap } from '../../source/source-map/source-map.js';
import type { Block } from './blocks.js';
import { lineStarts } from './instrument.js';
import { type FileCoverage, type LcovRecord, recordOf } from './lcov.js';

type Told = { -readonly [K in 'functions' | 'branches']: LcovRecord[K][number][] } & {
  /** Executions by line. */
  readonly lines: Map<number, number>;
};

/**
 * The records of the files of which a handler was bundled. A line counts as the outermost block does that has a part of it; one that has
 * no part in the bundle is not told.
 */
export function originalLcovOf({ path, source, blocks, hits }: FileCoverage, map: SourceMap): string {
  const files = new Map<string, Told>();
  const told = ({ file }: FilePlace): Told => {
    const known = files.get(file) ?? { functions: [], branches: [], lines: new Map<number, number>() };
    files.set(file, known);
    return known;
  };
  const starts = lineStarts(source);
  const innermost = new Innermost(blocks);
  for (const place of map.places()) {
    const offset = (starts[place.compiled.line - 1] ?? source.length) + place.compiled.column - 1;
    const { lines } = told(place);
    lines.set(place.line, Math.max(lines.get(place.line) ?? 0, hits[innermost.at(offset)] ?? 0));
  }
  blocks.forEach(({ kind, start, name }, number) => {
    const line = starts.findLastIndex((at) => at <= start) + 1;
    const place = map.find({ line, column: start - (starts[line - 1] as number) + 1 });
    if (place === undefined) return;
    const count = hits[number] ?? 0;
    if (kind === 'function')
      told(place).functions.push({ line: place.line, name: `${name}:${place.line}`, hits: count });
    if (kind === 'branch') told(place).branches.push({ line: place.line, number, hits: count });
  });
  return [...files]
    .map(([file, { functions, branches, lines }]) => {
      const sorted = [...lines].sort(([a], [b]) => a - b).map(([line, count]) => ({ line, hits: count }));
      return recordOf({ path: pathOf(file, path), functions, branches, lines: sorted });
    })
    .join('');
}

/** The path of a file that a map names, which is meant from where the bundle is. What is no path stays. */
function pathOf(file: string, bundle: string): string {
  if (file.startsWith('file://')) return fileURLToPath(file);
  return /^[A-Za-z][\w+.-]+:/.test(file) ? file : resolve(dirname(bundle), file);
}

/** Finds the innermost blocks of places that come in the order of the text. */
class Innermost {
  readonly #blocks: readonly (Block & { readonly number: number })[];
  readonly #open: { readonly end: number; readonly number: number }[] = [];
  #next = 0;

  constructor(blocks: readonly Block[]) {
    const numbered = blocks.map((block, number) => ({ ...block, number }));
    this.#blocks = numbered.sort((a, b) => a.start - b.start || b.end - a.end);
  }

  /** Number of the block; the first is the handler itself. */
  at(offset: number): number {
    for (let block = this.#blocks[this.#next]; block !== undefined && block.start <= offset; ) {
      this.#open.push(block);
      block = this.#blocks[++this.#next];
    }
    // Blocks in one that has ended have ended too, but for those behind it.
    while (this.#open.length > 0 && (this.#open.at(-1)?.end ?? 0) <= offset) this.#open.pop();
    return this.#open.findLast(({ end }) => end > offset)?.number ?? 0;
  }
}
