import { describe, invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';

/** Why a text cannot be a handler, or undefined. */
export type SourceProblem = { readonly message: string; readonly context: Readonly<Record<string, unknown>> };

/** @throws NexusError INVALID_ARGUMENT when it is no string at all: that is the caller's fault, not the handler's */
export function requireSource(source: unknown): asserts source is string {
  if (typeof source === 'string') return;
  throw new NexusError('INVALID_ARGUMENT', `The handler's code must be a string; it is ${describe(source)}.`, {
    context: { field: 'code', expected: 'a string' },
  });
}

/** What INVALID_HANDLER says of a source that the parser need not see. */
export function findSourceProblem(source: string, maxSourceBytes: number): SourceProblem | undefined {
  if (source.trim() === '') {
    return {
      message: 'The handler is empty; it must be the body of a function.',
      context: { expected: 'source text' },
    };
  }
  // A UTF-16 unit takes at most three bytes: most sources are decided by their length alone.
  const bytes = source.length * 3 <= maxSourceBytes ? 0 : Buffer.byteLength(source, 'utf8');
  if (bytes > maxSourceBytes) {
    return {
      message: `The handler has ${bytes} bytes; maxSourceBytes is ${maxSourceBytes}.`,
      context: { limit: 'maxSourceBytes', value: maxSourceBytes, bytes },
    };
  }
  if (!source.isWellFormed()) {
    const index = loneSurrogate(source);
    return {
      message: `The handler holds a lone surrogate at index ${index}; it must be well-formed UTF-16.`,
      context: { index },
    };
  }
  return undefined;
}

function loneSurrogate(source: string): number {
  return source.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
}

/** What stack frames can carry: `at f (rules/vat.js:2:7)` has to be read again. */
const FILENAME = /^[^\n\r():]+$/;
/** The longest path of most systems. The engine takes the name through its native stack. */
const MAX_FILENAME_CHARACTERS = 4_096;

/** @throws NexusError INVALID_ARGUMENT */
export function requireFilename(filename: unknown): asserts filename is string {
  const isText = typeof filename === 'string' && filename.length <= MAX_FILENAME_CHARACTERS;
  if (isText && FILENAME.test(filename) && filename.isWellFormed()) return;
  const expected = `a name of at most ${MAX_FILENAME_CHARACTERS} characters, without line breaks, colons, parentheses and lone surrogates`;
  throw invalidArgument('filename', filename, expected);
}
