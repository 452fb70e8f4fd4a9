import { describe, invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { SLICE_LENGTH, waitATurn } from '../support/byte-slices.js';
import { slicesOf } from './text-slices.js';

/** The reason why a text cannot be a handler, or undefined. */
export type SourceProblem = { readonly message: string; readonly context: Readonly<Record<string, unknown>> };

const EMPTY: SourceProblem = {
  message: 'The handler is empty; it must be the body of a function.',
  context: { expected: 'source text' },
};

/** @throws NexusError INVALID_ARGUMENT when it is no string at all: that is the caller's fault, not the handler's */
export function requireSource(source: unknown): asserts source is string {
  if (typeof source === 'string') return;
  throw new NexusError('INVALID_ARGUMENT', `The handler's code must be a string; it is ${describe(source)}.`, {
    context: { field: 'code', expected: 'a string' },
  });
}

/**
 * What INVALID_HANDLER says of a source that the parser need not see.
 *
 * @returns a promise for a large one, which is looked at in slices
 */
export function findSourceProblem(
  source: string,
  maxSourceBytes: number,
): SourceProblem | undefined | Promise<SourceProblem | undefined> {
  if (source.length > maxSourceBytes) return tooLarge(`at least ${source.length}`, source.length, maxSourceBytes);
  if (source.length > SLICE_LENGTH) return findInSlices(source, maxSourceBytes);
  if (!source.isWellFormed()) return illFormed(loneSurrogate(source));
  if (source.trim() === '') return EMPTY;
  const bytes = isSmallEnough(source, maxSourceBytes) ? 0 : Buffer.byteLength(source, 'utf8');
  return bytes > maxSourceBytes ? tooLarge(String(bytes), bytes, maxSourceBytes) : undefined;
}

/** A UTF-16 unit takes one to three bytes: most sources are decided by their length alone. */
function isSmallEnough({ length }: string, maxSourceBytes: number): boolean {
  return length * 3 <= maxSourceBytes;
}

async function findInSlices(source: string, maxSourceBytes: number): Promise<SourceProblem | undefined> {
  const isCounted = !isSmallEnough(source, maxSourceBytes);
  let bytes = 0;
  let isEmpty = true;
  let start = 0;
  for (const slice of slicesOf(source)) {
    if (start > 0) await waitATurn();
    isEmpty &&= slice.trim() === '';
    if (!slice.isWellFormed()) return illFormed(start + loneSurrogate(slice));
    if (isCounted) bytes += Buffer.byteLength(slice, 'utf8');
    start += slice.length;
  }
  if (isEmpty) return EMPTY;
  return bytes > maxSourceBytes ? tooLarge(String(bytes), bytes, maxSourceBytes) : undefined;
}

function tooLarge(said: string, bytes: number, maxSourceBytes: number): SourceProblem {
  return {
    message: `The handler has ${said} bytes; maxSourceBytes is ${maxSourceBytes}.`,
    context: { limit: 'maxSourceBytes', value: maxSourceBytes, bytes },
  };
}

function illFormed(index: number): SourceProblem {
  return {
    message: `The handler holds a lone surrogate at index ${index}; it must be well-formed UTF-16.`,
    context: { index },
  };
}

function loneSurrogate(source: string): number {
  return source.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
}

/** The characters that stack frames can carry: `at f (rules/vat.js:2:7)` is parsed later. */
const FILENAME = /^[^\n\r():]+$/;
/** The longest path of most systems. The engine passes the name through its native stack. */
const MAX_FILENAME_CHARACTERS = 4_096;

/** @throws NexusError INVALID_ARGUMENT */
export function requireFilename(filename: unknown): asserts filename is string {
  const isText = typeof filename === 'string' && filename.length <= MAX_FILENAME_CHARACTERS;
  if (isText && FILENAME.test(filename) && filename.isWellFormed()) return;
  const expected = `a name of at most ${MAX_FILENAME_CHARACTERS} characters, without line breaks, colons, parentheses and lone surrogates`;
  throw invalidArgument('filename', filename, expected);
}
