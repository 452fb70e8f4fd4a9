import type { WasmError } from '../api/result.js';
import type { HandlerOutcome, ScriptOutcome } from '../protocol/compile.js';
import { doesNotCompile } from '../protocol/does-not-compile.js';
import type { ScriptProblem } from '../source/script-problem.js';
import { SourceLines, type SourceLocation } from '../source/source-lines.js';
import { explainSyntax, findFence, surplusBrace } from '../source/syntax-help.js';
import { remedyAfterStripping } from '../source/typescript/remedies.js';
import { isTypeScript } from '../source/typescript/strip-types.js';
import { ESCAPED_WRAPPER, toAuthorLocation, wrapHandler } from '../source/wrapper.js';
import { isSingleClosure } from './script-shape.js';

/**
 * Compiles a handler's source. All work that grows with the source happens here, in the worker: wrapping it,
 * checking the bytecode, and finding the place of an error.
 *
 * @param compileScript compiles a whole script; types are stripped before if the file is TypeScript
 */
export async function compileHandler(
  source: string,
  filename: string,
  compileScript: (script: string, filename: string) => Promise<ScriptOutcome>,
): Promise<HandlerOutcome> {
  const lines = new SourceLines(source);
  const fence = findFence(lines);
  if (fence !== undefined) return { ok: false, error: syntaxError(fence.message, fence.location, lines) };
  const outcome = await compileScript(wrapHandler(source), filename);
  if (!outcome.ok) {
    const error = describeProblem(outcome.problem, source, filename);
    return { ok: false, error, ...(outcome.problem.kind === 'nesting' && { isTooDeep: true }) };
  }
  return isSingleClosure(outcome.bytecode) ? outcome : { ok: false, error: escapesWrapper(source) };
}

function describeProblem(problem: ScriptProblem, source: string, filename: string): WasmError {
  if (problem.kind !== 'syntax') return doesNotCompile(problem.message);
  const { line, column } = problem;
  if (line === undefined || column === undefined) {
    return { code: 'COMPILATION_ERROR', message: `SyntaxError: ${problem.message}`, name: 'SyntaxError' };
  }
  const lines = new SourceLines(source);
  const location = toAuthorLocation({ line, column }, lines);
  const remedy = isTypeScript(filename) ? remedyAfterStripping(problem.message, lines, location) : undefined;
  if (remedy !== undefined) return syntaxError(remedy, location, lines);
  const help = explainSyntax(lines, location, filename);
  return syntaxError(help?.message ?? problem.message, help?.location ?? location, lines);
}

function syntaxError(said: string, location: SourceLocation, lines: SourceLines): WasmError {
  const message = `SyntaxError: ${said}`;
  return { code: 'COMPILATION_ERROR', message, name: 'SyntaxError', location, snippet: lines.snippet(location) };
}

function escapesWrapper(source: string): WasmError {
  const lines = new SourceLines(source);
  const location = surplusBrace(lines);
  return {
    code: 'INVALID_HANDLER',
    message: ESCAPED_WRAPPER,
    ...(location && { location, snippet: lines.snippet(location) }),
    context: { sourceBytes: Buffer.byteLength(source, 'utf8') },
  };
}
