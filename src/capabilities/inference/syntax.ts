import { createRequire } from 'node:module';

import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression, Node } from 'acorn';

import { renderSnippet, type SourceLines, type SourceLocation } from '../../contract/source-lines.js';
import { ESCAPED_WRAPPER, toAuthorLocation, wrapHandler } from '../../contract/wrapper.js';
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
    const { body } = acorn.parse(scriptOf(source, filename), {
      ecmaVersion: 'latest',
      sourceType: 'script',
      locations: true,
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

/** Stands for all of a source that could not be parsed. */
export const BEGINNING: Node = { type: 'Program', start: 0, end: 0 };

/** Where a node of the wrapped script begins in what the author wrote. */
export function locationOf(node: Node, source: string | SourceLines): SourceLocation {
  const { line, column } = node.loc?.start ?? { line: 1, column: 0 };
  return toAuthorLocation({ line, column: column + 1 }, source);
}

/** The nodes right below one, in source order. */
export function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap((value: unknown) =>
    Array.isArray(value) ? value.filter(isNode) : filterNode(value),
  );
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

function filterNode(value: unknown): Node[] {
  return isNode(value) ? [value] : [];
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
