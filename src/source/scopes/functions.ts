import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression, Node } from 'acorn';

export type AnyFunction = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression;

export function isFunction(node: Node): node is AnyFunction {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  );
}

/** Whether a function itself has the directive; it is also strict if the surrounding code is. */
export function hasStrictDirective({ body }: AnyFunction): boolean {
  if (body.type !== 'BlockStatement') return false;
  return body.body.some(
    (statement) => statement.type === 'ExpressionStatement' && statement.directive === 'use strict',
  );
}
