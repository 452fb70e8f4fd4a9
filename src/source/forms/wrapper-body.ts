import type { Program, Statement } from 'acorn';

/** The statements of a source in its wrapper; undefined if it closes the wrapper. */
export function bodyOf({ body }: Program): readonly Statement[] | undefined {
  const [wrapper, ...others] = body;
  if (wrapper?.type !== 'ExpressionStatement' || others.length > 0) return undefined;
  const { expression } = wrapper;
  return expression.type === 'FunctionExpression' ? expression.body.body : undefined;
}

/** Apart from empty ones and directives; undefined if there are several. */
export function onlyStatement(statements: readonly Statement[]): Statement | undefined {
  const acting = statements.filter((statement) => statement.type !== 'EmptyStatement' && !('directive' in statement));
  return acting.length === 1 ? acting[0] : undefined;
}
