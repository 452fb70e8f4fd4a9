import type { Statement } from 'acorn';
import { addedNames, headOf, tailOf } from './calling.js';
import { DEFAULT_ENTRY } from './entries.js';
import type { HandlerForm } from './form.js';
import { rewrite } from './rewriting.js';

/** @returns undefined if the only statement of a source is no function */
export function rewriteFunction(script: string, statement: Statement): HandlerForm | undefined {
  const names = addedNames(script);
  const head = headOf(names, { isStrict: false, isAsync: false });
  const call = (callee: string) => tailOf(`${callee}(${names.ctx}.args,${names.ctx})`);
  const entries = [DEFAULT_ENTRY];
  if (statement.type === 'FunctionDeclaration') {
    return {
      kind: 'rewritten',
      of: 'function',
      script,
      entries,
      ...rewrite(script, head, [], call(statement.id.name)),
    };
  }
  if (statement.type !== 'ExpressionStatement') return undefined;
  const { type } = statement.expression;
  if (type !== 'ArrowFunctionExpression' && type !== 'FunctionExpression') return undefined;
  const { start } = statement;
  const end = script[statement.end - 1] === ';' ? statement.end - 1 : statement.end;
  const edits = [
    { start, end: start, text: `const ${names.held}={default:` },
    { start: end, end, text: '};' },
  ];
  return {
    kind: 'rewritten',
    of: 'function',
    script,
    entries,
    ...rewrite(script, head, edits, call(`(0,${names.held}.default)`)),
  };
}
