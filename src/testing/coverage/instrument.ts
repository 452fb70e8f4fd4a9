import type { Node } from 'acorn';

import { type AcornToken, parseScript } from '../../source/parse-script.js';
import type { SourceLocation } from '../../source/source-lines.js';
import { isTypeScript, stripTypes } from '../../source/typescript/strip-types.js';
import { PREFIX_LENGTH, wrapHandler } from '../../source/wrapper.js';
import { type Block, blocksOf, type Insertion } from './blocks.js';

/** What a counted handler writes to its log: this, and the number of a block. */
export const MARK = '\u0001nexus:block ';
const HIT = '__nexus_hit__';
const SEEN = '__nexus_seen__';
/** Tells a block once in each execution, so that loops cost little. The log leaves the VM with every segment. */
const PROLOGUE =
  `const ${SEEN}=new Set(),${HIT}=(n)=>{if(${SEEN}.has(n))return;${SEEN}.add(n);` +
  `globalThis.console.debug(${JSON.stringify(MARK)}+n)};`;

/** A handler that counts its blocks, line by line where the author wrote it. */
export interface Instrumented {
  readonly code: string;
  readonly blocks: readonly Block[];
  /** The place in the author's text of a place in {@link code}. */
  toAuthor(location: SourceLocation): SourceLocation;
}

/** @returns undefined for a source that does not parse: compiling it tells why */
export function instrument(source: string, filename: string): Instrumented | undefined {
  const script = scriptOf(source, filename);
  if (script === undefined) return undefined;
  const wrapped = wrapHandler(script);
  const found = findBlocks(wrapped);
  if (found === undefined) return undefined;
  // Without a byte order mark, which the wrapper takes off.
  const text = wrapped.slice(PREFIX_LENGTH, -'\n})'.length);
  const own = (at: number) => Math.min(Math.max(0, at - PREFIX_LENGTH), text.length);
  const insertions = found.insertions.map((insertion) => ({ ...insertion, at: own(insertion.at) }));
  const ordered = inOrder(insertions);
  const first = ordered.find(({ isClosing }) => !isClosing) as Insertion;
  const all = ordered.map((insertion) => (insertion === first ? withPrologue(insertion) : insertion));
  const shift = source.length - text.length;
  return {
    code: write(text, all),
    blocks: found.blocks.map((block) => ({ ...block, start: own(block.start) + shift, end: own(block.end) + shift })),
    toAuthor: mapperOf(text, all, shift),
  };
}

function scriptOf(source: string, filename: string): string | undefined {
  if (!isTypeScript(filename)) return source;
  const stripped = stripTypes(source);
  return stripped.ok ? stripped.script : undefined;
}

function findBlocks(wrapped: string) {
  try {
    const tokens: AcornToken[] = [];
    const [statement] = parseScript(wrapped, undefined, tokens).body as unknown as [{ expression: Node }];
    return blocksOf(statement.expression, tokens, (block) => `${HIT}(${block})`);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The first call is that of the handler itself, behind its directives. */
function withPrologue(insertion: Insertion): Insertion {
  return { ...insertion, text: PROLOGUE + insertion.text };
}

/** Stable: of several at one place, the inner closes first and the outer opens first. */
function inOrder(insertions: readonly Insertion[]): Insertion[] {
  return [...insertions].sort((a, b) => a.at - b.at || Number(b.isClosing) - Number(a.isClosing));
}

function write(text: string, insertions: readonly Insertion[]): string {
  let written = '';
  let at = 0;
  for (const insertion of insertions) {
    written += text.slice(at, insertion.at) + insertion.text;
    at = insertion.at;
  }
  return written + text.slice(at);
}

/** No insertion has a line break, so only columns change. */
function mapperOf(text: string, insertions: readonly Insertion[], shift: number) {
  const starts = lineStarts(text);
  const byLine = new Map<number, { readonly column: number; readonly length: number }[]>();
  for (const { at, text: inserted } of insertions) {
    const line = starts.findLastIndex((start) => start <= at) + 1;
    const onLine = byLine.get(line) ?? [];
    onLine.push({ column: at - (starts[line - 1] as number) + 1, length: inserted.length });
    byLine.set(line, onLine);
  }
  return ({ line, column }: SourceLocation): SourceLocation => {
    let inserted = 0;
    for (const { column: at, length } of byLine.get(line) ?? []) {
      if (column < at + inserted) break;
      if (column < at + inserted + length) return { line, column: at + (line === 1 ? shift : 0) };
      inserted += length;
    }
    return { line, column: column - inserted + (line === 1 ? shift : 0) };
  };
}

/** Where each line starts, as editors count lines. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|[\n\r]/g)) starts.push(index + end.length);
  return starts;
}
