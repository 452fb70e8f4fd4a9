import { describe, invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { SLICE_LENGTH, waitATurn } from '../support/bytes/byte-slices.js';
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

/** What can be shown on one line: a path of any system, a URL, a title. */
const FILENAME = /^[^\p{Cc}\u2028\u2029]+$/u;
/** The name of our own code in the guest's stack traces, from which it is left out. */
export const RESERVED_FILENAME = 'nexus:prelude';
/** The longest path of most systems. The engine takes the name through its native stack. */
const MAX_FILENAME_CHARACTERS = 4_096;

/** @throws NexusError INVALID_ARGUMENT */
export function requireFilename(filename: unknown): asserts filename is string {
  if (isFilename(filename)) return;
  const expected = `a name of 1 to ${MAX_FILENAME_CHARACTERS} characters on one line, without control characters and lone surrogates; the name of the library's own script is reserved`;
  throw invalidArgument('filename', filename, expected);
}

/** Whether a handler can have this name. */
export function isFilename(name: unknown): name is string {
  if (typeof name !== 'string' || name.length > MAX_FILENAME_CHARACTERS) return false;
  return FILENAME.test(name) && name.isWellFormed() && !name.includes(RESERVED_FILENAME);
}
