import type { Node, Program, Statement } from 'acorn';

import { CTX_FIELDS } from '../../source/forms/calling.js';
import type { RewrittenHandler } from '../../source/forms/form.js';
import { readForm } from '../../source/forms/read-form.js';
import type { SourceShape } from '../../source/forms/source-shape.js';
import { onlyStatement } from '../../source/forms/wrapper-body.js';
import { type AcornToken, parseModule, parseScript } from '../../source/parse-script.js';
import type { SourceLocation } from '../../source/source-lines.js';
import { isTypeScript, stripTypes } from '../../source/typescript/strip-types.js';
import { blankWrapper, PREFIX_LENGTH, SUFFIX_LENGTH, wrapHandler } from '../../source/wrapper.js';
import { type Block, type Blocks, blocksOf, type Insertion } from './blocks.js';

/** What a counted handler writes to its log: this, and the number of a block. */
export const MARK = '\u0001nexus:block ';
const HIT = '__nexus_hit__';
const SEEN = '__nexus_seen__';
/** Tells a block once in each execution, so that loops cost little. The log leaves the VM with every segment. */
const prologueOf = (seen: string) =>
  `const ${SEEN}=${seen},${HIT}=(n)=>{if(${SEEN}.has(n))return;${SEEN}.add(n);` +
  `globalThis.console.debug(${JSON.stringify(MARK)}+n)};`;
const PROLOGUE = prologueOf('new Set()');
/** The code around a source may run it more than once. */
const WRAPPED_PROLOGUE = prologueOf(`globalThis.${SEEN}??=new Set()`);

/** A handler that counts its blocks, line by line where the author wrote it. */
export interface Instrumented {
  readonly code: string;
  /** Whether that is the body of a function, as it is if the handler is a function. */
  readonly isBody: boolean;
  /** Whether the last expression is the result, though no option says so: a language model meant it. */
  readonly returnsLast: boolean;
  readonly blocks: readonly Block[];
  /** The place in the author's text of a place in {@link code}. */
  toAuthor(location: SourceLocation): SourceLocation;
}

/**
 * @param shape of what is executed; a source with code around it is a body
 * @returns undefined for a source that does not parse or is refused: compiling it tells why
 */
export function instrument(source: string, filename: string, shape?: SourceShape): Instrumented | undefined {
  const { form, returnsLast } = shape?.isWrapped ? BODY : formOf(source, filename, shape);
  const script = form && scriptOf(source, filename, form === 'module');
  if (script === undefined) return undefined;
  const wrapped = form === 'module' ? blankWrapper(script) : wrapHandler(script);
  const found = findBlocks(wrapped, form);
  if (found === undefined) return undefined;
  // Without a byte order mark, which the wrapper takes off.
  const text = wrapped.slice(PREFIX_LENGTH, -SUFFIX_LENGTH);
  const own = (at: number) => Math.min(Math.max(0, at - PREFIX_LENGTH), text.length);
  const insertions = found.insertions.map((insertion) => ({ ...insertion, at: own(insertion.at) }));
  const ordered = inOrder(insertions);
  // That of the handler itself, behind its directives.
  const first = ordered.find(({ isClosing }) => !isClosing) as Insertion;
  const prologue = shape?.isWrapped ? WRAPPED_PROLOGUE : PROLOGUE;
  const all = ordered.map((one) => (one === first ? { ...one, text: prologue + one.text } : one));
  const shift = source.length - text.length;
  return {
    code: write(text, all),
    isBody: form !== 'module',
    returnsLast,
    blocks: found.blocks.map((block) => ({ ...block, start: own(block.start) + shift, end: own(block.end) + shift })),
    toAuthor: mapperOf(text, all, shift),
  };
}

type Form = 'body' | RewrittenHandler['of'];

interface FoundForm {
  /** Undefined if it is refused. */
  readonly form: Form | undefined;
  readonly returnsLast: boolean;
}

const BODY: FoundForm = { form: 'body', returnsLast: false };
const NONE: FoundForm = { form: undefined, returnsLast: false };

function formOf(source: string, filename: string, shape: SourceShape | undefined): FoundForm {
  try {
    const form = readForm(source, filename, { shape });
    if (form.kind === 'refused') return NONE;
    if (form.kind === 'body') return BODY;
    return { form: form.of, returnsLast: form.of === 'body' };
  } catch (error) {
    if (error instanceof RangeError) return NONE;
    throw error;
  }
}

function scriptOf(source: string, filename: string, isModule: boolean): string | undefined {
  if (!isTypeScript(filename)) return source;
  const stripped = stripTypes(source, undefined, isModule);
  return stripped.ok ? stripped.script : undefined;
}

function findBlocks(wrapped: string, form: Form | undefined): Blocks | undefined {
  const hit = (block: number) => `${HIT}(${block})`;
  const tokens: AcornToken[] = [];
  try {
    if (form === 'module') return blocksOf(asFunction(parseModule(wrapped, undefined, tokens)), tokens, hit);
    const [statement] = parseScript(wrapped, undefined, tokens).body as unknown as [{ expression: HandlerNode }];
    const blocks = blocksOf(statement.expression, tokens, hit);
    return form === 'function' ? calling(blocks, statement.expression, wrapped) : blocks;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

type HandlerNode = Node & { readonly body: { readonly body: readonly Node[] } };

/** A module as the function around a handler. */
function asFunction({ body, end }: Program): Node {
  const place = { start: PREFIX_LENGTH, end: end - SUFFIX_LENGTH };
  const block = { ...place, type: 'BlockStatement', end: place.end + 1, body };
  return { ...place, type: 'FunctionExpression', params: [], expression: false, generator: false, body: block } as Node;
}

/** The one function of a handler is called in its body, where what counts is declared. */
function calling({ blocks, insertions }: Blocks, { body }: HandlerNode, wrapped: string): Blocks {
  const { start, end } = onlyStatement(body.body as readonly Statement[]) as Node;
  const fields = Object.entries(CTX_FIELDS).map(([name, global]) => `${name}:${global}`);
  const opening: Insertion = { at: start, text: 'return(', isClosing: false };
  const callEnd = wrapped[end - 1] === ';' ? end - 1 : end;
  const closing: Insertion = { at: callEnd, text: `)($args,{${fields.join()}})`, isClosing: true };
  // The first is the call that counts the handler. What opens later at this place is inside of the function.
  const [first, ...rest] = insertions as [Insertion, ...Insertion[]];
  return { blocks, insertions: [first, opening, ...rest, closing] };
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
