import type { Program, Statement } from 'acorn';
import { isAcornError, parseScript } from '../parse-script.js';
import { FUNCTION_END, functionStart } from '../wrapper.js';
import { type HandlerForm, refusal } from './form.js';
import { readModelBody } from './model-body.js';
import { type Edit, rewrite } from './rewriting.js';
import type { SourceShape } from './source-shape.js';
import { bodyOf } from './wrapper-body.js';

/**
 * A body with code around it, or one that returns its last expression.
 *
 * @param script the wrapped source, without types
 */
export function rewriteBody(script: string, shape: SourceShape, maxNames: number | undefined): HandlerForm {
  const { prologue, epilogue, isWrapped, returnsLast, isOfModel } = shape;
  const statements = returnsLast || isOfModel ? statementsOf(script, maxNames) : [];
  const meant = isOfModel ? readModelBody(statements) : undefined;
  if (meant?.kind === 'idle') return refusal(script, meant.at, meant.message, 'form');
  const edits = returnsLast || meant?.kind === 'value' ? returningLast(script, statements) : [];
  if (!isWrapped && edits.length === 0) return { kind: 'body' };
  const head = `${functionStart(`${prologue}${script}${epilogue}`)}${prologue}${prologue === '' ? '' : '\n'}`;
  const tail = `${epilogue}${epilogue === '' ? '' : '\n'}${FUNCTION_END}`;
  return { kind: 'rewritten', of: 'body', script, ...rewrite(script, head, edits, tail) };
}

function returningLast(script: string, statements: readonly Statement[]): Edit[] {
  const last = statements.findLast(({ type }) => type !== 'EmptyStatement');
  if (last?.type !== 'ExpressionStatement') return [];
  const { start } = last;
  const end = script[last.end - 1] === ';' ? last.end - 1 : last.end;
  return [
    { start, end: start, text: 'return(' },
    // On a line of its own: a comment may stand before the semicolon.
    { start: end, end, text: '\n);' },
  ];
}

/** Those of the body. None if the source does not parse: then the compiler tells why. */
function statementsOf(script: string, maxNames: number | undefined): readonly Statement[] {
  let program: Program;
  try {
    program = parseScript(script, maxNames);
  } catch (error) {
    if (!isAcornError(error)) throw error;
    return [];
  }
  return bodyOf(program) ?? [];
}
