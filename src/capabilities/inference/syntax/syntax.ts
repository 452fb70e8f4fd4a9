import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression, Node } from 'acorn';
import { NexusError } from '../../../errors/nexus-error.js';
import { type AcornError, isAcornError, messageOf, parseScript } from '../../../source/parse-script.js';
import { renderSnippet, SourceLines, type SourceLocation } from '../../../source/source-lines.js';
import { explainSyntax } from '../../../source/syntax-help.js';
import { remedyAfterStripping } from '../../../source/typescript/remedies.js';
import { isTypeScript, stripTypes } from '../../../source/typescript/strip-types.js';
import { ESCAPED_WRAPPER, toAuthorLocation, wrapHandler } from '../../../source/wrapper.js';

export type AnyFunction = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression;

/**
 * The async function that a handler's source is the body of: exactly the script that would be compiled, parsed.
 *
 * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER when the source closes its function
 * @param filename TypeScript when it is the name of such a file
 * @throws RangeError when it is nested too deeply
 */
export function parseHandler(source: string, filename?: string): FunctionExpression {
  try {
    const { body } = parseScript(scriptOf(source, filename), MAX_NAMES);
    const [statement, ...others] = body;
    if (statement?.type === 'ExpressionStatement' && others.length === 0) {
      const { expression } = statement;
      if (expression.type === 'FunctionExpression') return expression;
    }
  } catch (error) {
    if (!isAcornError(error)) throw error;
    throw acornError(error, source, filename);
  }
  throw new NexusError('INVALID_HANDLER', ESCAPED_WRAPPER);
}

/** Of the parser of TypeScript: within a tenth of a second. The largest source that is looked at, if it is a usual one, takes a tenth of them. */
const MAX_STRIPPER_CALLS = 5_000_000;

/** Names that a source may declare: looking whether one is declared twice, the parser compares each with all others of its scope. */
const MAX_NAMES = 4_000;

/** Stands for all of a source that could not be parsed. */
export const BEGINNING: Node = { type: 'Program', start: 0, end: 0 };

/** Where a node of the wrapped script begins in what the author wrote. */
export function locationOf(node: Node, source: string | SourceLines): SourceLocation {
  const { line, column } = node.loc?.start ?? { line: 1, column: 0 };
  return toAuthorLocation({ line, column: column + 1 }, source);
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

function scriptOf(source: string, filename: string | undefined): string {
  const script = wrapHandler(source);
  if (filename === undefined || !isTypeScript(filename)) return script;
  const stripped = stripTypes(script, MAX_STRIPPER_CALLS);
  if (stripped.ok) return stripped.script;
  const { message, line, column } = stripped.problem;
  if (line === undefined || column === undefined) throw new RangeError(message);
  throw explained(message, toAuthorLocation({ line, column }, source), source, filename);
}

function acornError(error: AcornError, source: string, filename = ''): NexusError {
  const { message, loc } = error;
  const location = toAuthorLocation({ line: loc.line, column: loc.column + 1 }, source);
  const remedy = isTypeScript(filename) ? remedyAfterStripping(message, source, location) : undefined;
  if (remedy !== undefined) return compilationError(remedy, location, source);
  return explained(messageOf(error), location, source, filename);
}

function explained(message: string, location: SourceLocation, source: string, filename: string): NexusError {
  const help = explainSyntax(new SourceLines(source), location, filename);
  return compilationError(help?.message ?? message, help?.location ?? location, source);
}

function compilationError(message: string, location: SourceLocation, source: string): NexusError {
  const snippet = renderSnippet(source, location);
  return new NexusError('COMPILATION_ERROR', `SyntaxError: ${message}`, { context: { location, snippet } });
}
