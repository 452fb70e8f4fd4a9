import type { WasmError } from '../api/result.js';
import type { LoweredForm } from '../engine/source-compiler.js';
import type { HandlerOutcome, ScriptOutcome } from '../protocol/compile.js';
import { doesNotCompile } from '../protocol/does-not-compile.js';
import type { HandlerForm } from '../source/forms/form.js';
import { readForm } from '../source/forms/read-form.js';
import { isAddedPlace } from '../source/forms/rewriting.js';
import type { SourceShape } from '../source/forms/source-shape.js';
import { type ScriptProblem, sentenceOf } from '../source/script-problem.js';
import { SourceLines, type SourceLocation } from '../source/source-lines.js';
import { explainSyntax, findFence, findOpenBracket, surplusBrace } from '../source/syntax-help.js';
import { remedyAfterStripping } from '../source/typescript/remedies.js';
import { isTypeScript } from '../source/typescript/strip-types.js';
import { ESCAPED_WRAPPER, toAuthorLocation, wrapHandler } from '../source/wrapper.js';
import { isSingleClosure } from './script-shape.js';

/**
 * Compiles a whole script. Types are stripped before if the file is TypeScript.
 *
 * @param form if the script is written of another one: then it has no types any more
 */
export type CompileScript = (script: string, filename: string, form?: LoweredForm) => Promise<ScriptOutcome>;

/**
 * Compiles a handler's source. All work that grows with the source happens here, in the worker: wrapping it,
 * checking the bytecode, and finding the place of an error.
 */
export async function compileHandler(
  source: string,
  filename: string,
  compileScript: CompileScript,
  shape?: SourceShape,
): Promise<HandlerOutcome> {
  const lines = new SourceLines(source);
  const fence = findFence(lines);
  if (fence !== undefined) return { ok: false, error: syntaxError(fence.message, fence.location, lines) };
  const form = formOf(source, filename, shape);
  if (form.kind === 'refused') {
    const error = describeProblem(form.problem, source, filename);
    return { ok: false, error, ...(form.problem.kind === 'import' && { importsMore: true }) };
  }
  const outcome =
    form.kind === 'body'
      ? await compileScript(wrapHandler(source), filename)
      : await compileScript(form.text, filename, form);
  if (!outcome.ok) {
    const error = describeProblem(outcome.problem, source, filename);
    return { ok: false, error, ...(outcome.problem.kind === 'nesting' && { isTooDeep: true }) };
  }
  if (!isSingleClosure(outcome.bytecode)) return { ok: false, error: escapesWrapper(source) };
  return form.kind === 'body' || form.entries === undefined ? outcome : { ...outcome, entries: form.entries };
}

function formOf(source: string, filename: string, shape: SourceShape | undefined): HandlerForm {
  try {
    return readForm(source, filename, { shape, isStaged: true });
  } catch (error) {
    // Nested too deeply for that parser. The engine's may read it, and then it is a body unless it exports something.
    if (!(error instanceof RangeError)) throw error;
    if (shape?.isWrapped || shape?.returnsLast)
      return { kind: 'refused', problem: { kind: 'nesting', message: 'the source is nested too deeply' } };
    return { kind: 'body' };
  }
}

function describeProblem(problem: ScriptProblem, source: string, filename: string): WasmError {
  if (problem.kind !== 'syntax' && problem.kind !== 'form' && problem.kind !== 'import')
    return doesNotCompile(problem.message);
  const { line, column } = problem;
  if (line === undefined || column === undefined) {
    return { code: 'COMPILATION_ERROR', message: `SyntaxError: ${problem.message}`, name: 'SyntaxError' };
  }
  const lines = new SourceLines(source);
  if (isAddedPlace({ line, column })) return inWrap(problem, lines);
  const location = toAuthorLocation({ line, column }, lines);
  if (problem.kind === 'form') {
    return { code: 'INVALID_HANDLER', message: sentenceOf(problem), location, snippet: lines.snippet(location) };
  }
  if (problem.isExplained) return syntaxError(problem.message, location, lines);
  const remedy = isTypeScript(filename) ? remedyAfterStripping(problem.message, lines, location) : undefined;
  if (remedy !== undefined) return syntaxError(remedy, location, lines);
  const help = explainSyntax(lines, location, filename);
  return syntaxError(help?.message ?? problem.message, help?.location ?? location, lines);
}

/** The place is in the code around the source, which may be read wrongly because of what the source leaves open. */
function inWrap({ message }: ScriptProblem, lines: SourceLines): WasmError {
  const help = findOpenBracket(lines);
  if (help !== undefined) return syntaxError(help.message, help.location, lines);
  const said = `SyntaxError: ${message}, in the code of the option wrap`;
  return { code: 'COMPILATION_ERROR', message: said, name: 'SyntaxError' };
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
