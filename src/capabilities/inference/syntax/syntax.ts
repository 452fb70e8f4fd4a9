import type { FunctionExpression, Node } from 'acorn';
import { NexusError } from '../../../errors/nexus-error.js';
import { readForm } from '../../../source/forms/read-form.js';
import { ADDED_PLACE, originalOf } from '../../../source/forms/rewriting.js';
import type { SourceShape } from '../../../source/forms/source-shape.js';
import { type AcornError, isAcornError, messageOf, parseScript } from '../../../source/parse-script.js';
import { type ScriptProblem, sentenceOf } from '../../../source/script-problem.js';
import { renderSnippet, SourceLines, type SourceLocation } from '../../../source/source-lines.js';
import { explainSyntax, findOpenBracket } from '../../../source/syntax-help.js';
import { remedyAfterStripping } from '../../../source/typescript/remedies.js';
import { isTypeScript, stripTypes } from '../../../source/typescript/strip-types.js';
import { authorLocationAt, ESCAPED_WRAPPER, toAuthorLocation, wrapHandler } from '../../../source/wrapper.js';

export interface ParsedHandler {
  readonly handler: FunctionExpression;
  /** The index into the wrapped source of an index into the script that was parsed. */
  inScript(offset: number): number;
}

/**
 * Parses the script that would be compiled, and returns the async function whose body is the handler's
 * source.
 *
 * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER if the source closes its
 *   function
 * @param filename the source is TypeScript if this is the name of a TypeScript file
 * @throws RangeError if it is nested too deeply
 */
export function parseHandler(source: string, filename?: string, shape?: SourceShape): ParsedHandler {
  const { script, inScript } = scriptOf(source, filename, shape);
  try {
    const { body } = parseScript(script, MAX_NAMES);
    const [statement, ...others] = body;
    if (statement?.type === 'ExpressionStatement' && others.length === 0) {
      const { expression } = statement;
      if (expression.type === 'FunctionExpression') return { handler: expression, inScript };
    }
  } catch (error) {
    if (!isAcornError(error)) throw error;
    throw acornError(error, inScript(error.pos), source, filename);
  }
  throw new NexusError('INVALID_HANDLER', ESCAPED_WRAPPER);
}

/**
 * The most function calls of the TypeScript parser, which take less than a tenth of a second. The largest
 * analysed source, if it is usual code, takes a tenth of them.
 */
const MAX_STRIPPER_CALLS = 5_000_000;

/**
 * The most names that a source may declare: to detect duplicates, the parser compares each name with all
 * others of its scope.
 */
const MAX_NAMES = 4_000;

/** Stands for the whole source if it could not be parsed. */
export const BEGINNING: Node = { type: 'Program', start: 0, end: 0 };

function scriptOf(
  source: string,
  filename = '',
  shape?: SourceShape,
): { readonly script: string; inScript(offset: number): number } {
  const form = readForm(source, filename, { maxNames: MAX_NAMES, maxCalls: MAX_STRIPPER_CALLS, shape });
  if (form.kind === 'refused') throw refused(form.problem, source, filename);
  if (form.kind === 'rewritten') {
    return { script: form.text, inScript: (offset) => originalOf(form.pieces, offset) };
  }
  const script = wrapHandler(source);
  const inScript = (offset: number) => offset;
  if (!isTypeScript(filename)) return { script, inScript };
  const stripped = stripTypes(script, MAX_STRIPPER_CALLS);
  if (!stripped.ok) throw refused(stripped.problem, source, filename);
  return { script: stripped.script, inScript };
}

function refused(problem: ScriptProblem, source: string, filename: string): NexusError {
  const { kind, message, line, column, isExplained } = problem;
  if (line === undefined || column === undefined) throw new RangeError(message);
  const location = toAuthorLocation({ line, column }, source);
  if (kind === 'form') {
    const context = { location, snippet: renderSnippet(source, location) };
    return new NexusError('INVALID_HANDLER', sentenceOf(problem), { context });
  }
  if (kind === 'import') return compilationError(message, location, source, { importsMore: true });
  if (isExplained) return compilationError(message, location, source);
  const remedy = isTypeScript(filename) ? remedyAfterStripping(message, source, location) : undefined;
  return remedy === undefined
    ? explained(message, location, source, filename)
    : compilationError(remedy, location, source);
}

/** @param pos the place in the wrapped source */
function acornError(error: AcornError, pos: number, source: string, filename = ''): NexusError {
  const said = messageOf(error);
  if (pos === ADDED_PLACE) {
    const help = findOpenBracket(new SourceLines(source));
    if (help !== undefined) return compilationError(help.message, help.location, source);
    return new NexusError('COMPILATION_ERROR', `SyntaxError: ${said}, in the code of the option wrap`);
  }
  const location = authorLocationAt(pos, source);
  const remedy = isTypeScript(filename) ? remedyAfterStripping(error.message, source, location) : undefined;
  if (remedy !== undefined) return compilationError(remedy, location, source);
  return explained(said, location, source, filename);
}

function explained(message: string, location: SourceLocation, source: string, filename: string): NexusError {
  const help = explainSyntax(new SourceLines(source), location, filename);
  return compilationError(help?.message ?? message, help?.location ?? location, source);
}

function compilationError(
  message: string,
  location: SourceLocation,
  source: string,
  facts: { readonly importsMore?: true } = {},
): NexusError {
  const context = { location, snippet: renderSnippet(source, location), ...facts };
  return new NexusError('COMPILATION_ERROR', `SyntaxError: ${message}`, { context });
}
