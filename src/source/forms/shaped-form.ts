import type { ExpressionStatement, Program } from 'acorn';
import { isAcornError, parseScript } from '../parse-script.js';
import { FUNCTION_END, functionStart } from '../wrapper.js';
import type { HandlerForm } from './form.js';
import { type Edit, rewrite } from './rewriting.js';
import type { SourceShape } from './source-shape.js';

/**
 * A body with code around it, or one that returns its last expression.
 *
 * @param script the wrapped source, without types
 */
export function rewriteBody(script: string, shape: SourceShape, maxNames: number | undefined): HandlerForm {
  const { prologue, epilogue, isWrapped, returnsLast } = shape;
  const edits = returnsLast ? returningLast(script, maxNames) : [];
  if (!isWrapped && edits.length === 0) return { kind: 'body' };
  const head = `${functionStart(`${prologue}${script}${epilogue}`)}${prologue}${prologue === '' ? '' : '\n'}`;
  const tail = `${epilogue}${epilogue === '' ? '' : '\n'}${FUNCTION_END}`;
  return { kind: 'rewritten', of: 'body', script, ...rewrite(script, head, edits, tail) };
}

function returningLast(script: string, maxNames: number | undefined): Edit[] {
  const last = lastExpression(script, maxNames);
  if (last === undefined) return [];
  const { start } = last;
  const end = script[last.end - 1] === ';' ? last.end - 1 : last.end;
  return [
    { start, end: start, text: 'return(' },
    // On a line of its own: a comment may stand before the semicolon.
    { start: end, end, text: '\n);' },
  ];
}

/** Undefined if the source ends with another statement, or does not parse: then the compiler tells why. */
function lastExpression(script: string, maxNames: number | undefined): ExpressionStatement | undefined {
  let program: Program;
  try {
    program = parseScript(script, maxNames);
  } catch (error) {
    if (!isAcornError(error)) throw error;
    return undefined;
  }
  const [wrapper, ...others] = program.body;
  if (wrapper?.type !== 'ExpressionStatement' || others.length > 0) return undefined;
  const { expression } = wrapper;
  if (expression.type !== 'FunctionExpression') return undefined;
  const last = expression.body.body.findLast(({ type }) => type !== 'EmptyStatement');
  return last?.type === 'ExpressionStatement' ? last : undefined;
}
