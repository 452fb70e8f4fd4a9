import { createRequire } from 'node:module';

import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression, Node } from 'acorn';

import {
  fileHeaderShift,
  neutraliseFileHeader,
  renderSnippet,
  type SourceLocation,
} from '../../contract/source-text.js';
import { ESCAPED_WRAPPER, PREFIX_LENGTH, toAuthorLocation, wrapHandler } from '../../contract/wrapper.js';
import { NexusError } from '../../errors/nexus-error.js';
import { remedyAfterStripping } from '../../typescript/remedies.js';
import { isTypeScript, stripTypes } from '../../typescript/strip-types.js';

export type AnyFunction = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression;

/** How acorn tells of a source that is nested deeper than it can go. */
const STACK_EXHAUSTED = 'Not enough stack space';

/** Of the errors that acorn throws: line from 1, column from 0. */
interface AcornError extends SyntaxError {
  readonly loc: { readonly line: number; readonly column: number };
}

/**
 * The async function that a handler's source is the body of: exactly the script that would be compiled, parsed.
 *
 * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER when the source closes its function
 * @param filename TypeScript when it is the name of such a file
 * @throws RangeError when it is nested too deeply
 */
export function parseHandler(source: string, filename?: string): FunctionExpression {
  // Synchronous, and some 10 ms that only those pay who ask.
  const acorn = createRequire(import.meta.url)('acorn') as typeof import('acorn');
  try {
    const { body } = boundedParser(acorn).parse(scriptOf(source, filename), {
      ecmaVersion: 'latest',
      sourceType: 'script',
    });
    const [statement, ...others] = body;
    if (statement?.type === 'ExpressionStatement' && others.length === 0) {
      const { expression } = statement;
      if (expression.type === 'FunctionExpression') return expression;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError && 'loc' in error)) throw error;
    if (error.message.startsWith(STACK_EXHAUSTED)) throw new RangeError(error.message);
    throw acornError(error as AcornError, source, filename);
  }
  throw new NexusError('INVALID_HANDLER', ESCAPED_WRAPPER);
}

/** Names that a source may declare: looking whether one is declared twice, the parser compares each with all others of its scope. */
const MAX_NAMES = 4_000;

type Parser = typeof import('acorn').Parser;
/** What acorn calls for each name that is declared: its types do not tell. */
type DeclaringParser = new (...args: never[]) => { declareName(...args: unknown[]): void };

let bounded: Parser | undefined;

/** One class for all: what the engine learns about it holds for the next source. */
function boundedParser({ Parser }: { readonly Parser: Parser }): Parser {
  bounded ??= Parser.extend((Base) => {
    class BoundedParser extends (Base as unknown as DeclaringParser) {
      #names = 0;

      override declareName(...args: unknown[]): void {
        if (++this.#names > MAX_NAMES) throw new RangeError('too many names are declared');
        super.declareName(...args);
      }
    }
    return BoundedParser as unknown as Parser;
  });
  return bounded;
}

/** Stands for all of a source that could not be parsed. */
export const BEGINNING: Node = { type: 'Program', start: 0, end: 0 };

/** Where nodes of the wrapped script begin in what the author wrote. */
export class Places {
  readonly #starts: number[] = [0];

  constructor(source: string) {
    const text = neutraliseFileHeader(source);
    const shift = fileHeaderShift(source);
    const terminator = /\r\n|[\n\r\u2028\u2029]/g;
    while (terminator.exec(text) !== null) this.#starts.push(terminator.lastIndex);
    // Of the first line, what was cut off at its beginning.
    this.#starts[0] = -shift;
  }

  of(node: Node): SourceLocation {
    const at = Math.max(0, node.start - PREFIX_LENGTH);
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#starts[low] as number) + 1 };
  }
}

/** The nodes right below one, in source order. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const key in node) {
    const value: unknown = node[key as keyof Node];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) if (isNode(item)) children.push(item);
    } else if (isNode(value)) children.push(value);
  }
  return children;
}

export function isFunction(node: Node): node is AnyFunction {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  );
}

/** Whether a function says so itself; it also is when what it stands in is. */
export function hasStrictDirective({ body }: AnyFunction): boolean {
  if (body.type !== 'BlockStatement') return false;
  return body.body.some(
    (statement) => statement.type === 'ExpressionStatement' && statement.directive === 'use strict',
  );
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function scriptOf(source: string, filename: string | undefined): string {
  const script = wrapHandler(source);
  if (filename === undefined || !isTypeScript(filename)) return script;
  const stripped = stripTypes(script);
  if (stripped.ok) return stripped.script;
  const { message, line, column } = stripped.problem;
  if (line === undefined || column === undefined) throw new RangeError(message);
  throw compilationError(message, toAuthorLocation({ line, column }, source), source);
}

function acornError({ message, loc }: AcornError, source: string, filename = ''): NexusError {
  const location = toAuthorLocation({ line: loc.line, column: loc.column + 1 }, source);
  const remedy = isTypeScript(filename) ? remedyAfterStripping(message, source, location) : undefined;
  // acorn puts its own idea of the place behind the message.
  return compilationError(remedy ?? message.replace(/ \(\d+:\d+\)$/, ''), location, source);
}

function compilationError(message: string, location: SourceLocation, source: string): NexusError {
  const snippet = renderSnippet(source, location);
  return new NexusError('COMPILATION_ERROR', `SyntaxError: ${message}\n${snippet}`, { context: { location, snippet } });
}
