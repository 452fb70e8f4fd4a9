import { Tokens } from '../expressions/tokens.js';
import { isAcornError, messageOf, parseModule, parseScript } from '../parse-script.js';
import type { ScriptProblem } from '../script-problem.js';
import { SourceLines } from '../source-lines.js';
import { inCodePoints, isTypeScript, stripTypes } from '../typescript/strip-types.js';
import { blankWrapper, wrapHandler } from '../wrapper.js';
import { mayBeAnotherForm, mayBeFunction, mayBeModule } from './candidates.js';
import type { HandlerForm } from './form.js';
import { rewriteFunction } from './function-form.js';
import { rewriteModule } from './module-form.js';
import { withPrologue } from './prologue.js';
import { rewriteBody } from './shaped-form.js';
import type { SourceShape } from './source-shape.js';
import { bodyOf, onlyStatement } from './wrapper-body.js';

export interface FormOptions {
  readonly shape?: SourceShape | undefined;
  /** Bounds on the work, as for {@link parseScript} and {@link stripTypes}. @default none */
  readonly maxNames?: number;
  readonly maxCalls?: number;
  /** Whether the script may have two stages. For who follows calls, one is enough. @default false */
  readonly isStaged?: boolean | undefined;
}

const BODY: HandlerForm = { kind: 'body' };

/**
 * Finds out what a source is: the body of a function, one function, or a module. The parser decides. It is not asked about a source
 * that is certainly a body.
 *
 * @throws RangeError for a source with more than `maxNames` names, and one that is nested too deeply
 */
export function readForm(source: string, filename: string, options: FormOptions = {}): HandlerForm {
  const { shape } = options;
  if (shape === undefined) return readOwnForm(source, filename, options);
  // The linker has taken the types off.
  if (shape.imports === 'linked') return readModule(source, '', options);
  const form = shape.isWrapped && !shape.isOfModel ? BODY : readOwnForm(source, filename, options);
  if (form.kind === 'rewritten' && shape.isWrapped) return withPrologue(form, shape.prologue);
  const isShaped = shape.isWrapped || shape.returnsLast || shape.isOfModel;
  return form.kind === 'body' && isShaped ? readShaped(source, filename, shape, options) : form;
}

function readOwnForm(source: string, filename: string, options: FormOptions): HandlerForm {
  const imports = options.shape?.imports !== undefined;
  if (!imports && !mayBeAnotherForm(source)) return BODY;
  const form = imports || mayBeModule(source) ? readModule(source, filename, options) : BODY;
  return form.kind === 'body' && mayBeFunction(source) ? readFunction(source, filename, options) : form;
}

function readShaped(
  source: string,
  filename: string,
  shape: SourceShape,
  { maxNames, maxCalls }: FormOptions,
): HandlerForm {
  const stripped = withoutTypes(wrapHandler(source), filename, maxCalls, false);
  if (!stripped.ok) return { kind: 'refused', problem: stripped.problem };
  const problem = shape.isWrapped ? problemAlone(source, stripped.script, maxNames) : undefined;
  return problem === undefined ? rewriteBody(stripped.script, shape, maxNames) : { kind: 'refused', problem };
}

/** A source must be whole without the code around it, as a body or as an expression: it would close that code otherwise. */
function problemAlone(source: string, script: string, maxNames: number | undefined): ScriptProblem | undefined {
  try {
    parseScript(script, maxNames);
    return undefined;
  } catch (error) {
    if (!isAcornError(error)) throw error;
    return isExpression(source, maxNames) ? undefined : describe(messageOf(error), script, error.pos);
  }
}

function isExpression(source: string, maxNames: number | undefined): boolean {
  try {
    parseScript(wrapHandler(`return(${source}\n)`), maxNames);
    return true;
  } catch (error) {
    if (isAcornError(error) || error instanceof RangeError) return false;
    throw error;
  }
}

function readModule(
  source: string,
  filename: string,
  { maxNames, maxCalls, shape, isStaged }: FormOptions,
): HandlerForm {
  const stripped = withoutTypes(blankWrapper(source), filename, maxCalls, true);
  if (!stripped.ok) return exportsSomething(source) ? { kind: 'refused', problem: stripped.problem } : BODY;
  const { script } = stripped;
  try {
    return rewriteModule(script, parseModule(script, maxNames), { imports: shape?.imports, isStaged });
  } catch (error) {
    if (!isAcornError(error)) throw error;
    if (!exportsSomething(source)) return BODY;
    return { kind: 'refused', problem: describe(messageOf(error), script, error.pos) };
  }
}

function readFunction(source: string, filename: string, { maxNames, maxCalls }: FormOptions): HandlerForm {
  const stripped = withoutTypes(wrapHandler(source), filename, maxCalls, false);
  if (!stripped.ok) return BODY;
  const { script } = stripped;
  try {
    const statement = onlyStatement(bodyOf(parseScript(script, maxNames)) ?? []);
    return statement === undefined ? BODY : (rewriteFunction(script, statement) ?? BODY);
  } catch (error) {
    if (!isAcornError(error)) throw error;
    return BODY;
  }
}

function withoutTypes(script: string, filename: string, maxCalls: number | undefined, isModule: boolean) {
  if (!isTypeScript(filename)) return { ok: true, script } as const;
  const stripped = stripTypes(script, maxCalls, isModule);
  return stripped.ok ? { ok: true as const, script: inCodePoints(script, stripped.script) } : stripped;
}

/** Whether a source that does not parse is meant to be a module: it has `export` outside of all brackets. */
function exportsSomething(source: string): boolean {
  let depth = 0;
  let before = '';
  for (const { text, kind } of Tokens.upToError(source)?.list ?? []) {
    if (kind === 'mark' && (text === '(' || text === '[' || text === '{' || text === '${')) depth++;
    else if (kind === 'mark' && (text === ')' || text === ']' || text === '}')) depth--;
    else if (kind === 'keyword' && text === 'export' && depth === 0 && before !== '.' && before !== '?.') return true;
    before = text;
  }
  return false;
}

const RETURN = /^'return' outside of function/;

function describe(message: string, script: string, pos: number): ScriptProblem {
  const place = new SourceLines(script).engineAt(pos);
  if (!RETURN.test(message)) return { kind: 'syntax', message, ...place };
  const remedy =
    'a module has no `return` at its top level: what it exports as default is called if it is a function, and is the result otherwise';
  return { kind: 'syntax', message: remedy, isExplained: true, ...place };
}
