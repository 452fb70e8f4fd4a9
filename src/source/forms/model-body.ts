import type { Expression, Identifier, Node, Statement } from 'acorn';
import { namesOf } from '../lowering/names.js';
import { childrenOf } from '../parse-script.js';

/** What a language model meant with a body that returns nothing. */
export type ModelBody =
  /** The value of its last expression is the result. */
  | { readonly kind: 'value' }
  /** It only declares what nothing calls. */
  | { readonly kind: 'idle'; readonly at: Node; readonly message: string };

/**
 * Looks at the body of a model that has no `return` of its own. Its last expression is the result if it would be pointless otherwise, or calls
 * what the body declares: `main();`, `(async () => { … })();`. A body that only declares functions or classes does nothing.
 *
 * @returns undefined if it returns a value, or acts otherwise
 */
export function readModelBody(statements: readonly Statement[]): ModelBody | undefined {
  if (statements.some(returns)) return undefined;
  const declared = statements.flatMap(callablesOf);
  const last = statements.findLast(({ type }) => type !== 'EmptyStatement');
  if (last?.type === 'ExpressionStatement') {
    if (last.directive !== undefined) return undefined;
    const callee = calleeOf(last.expression);
    const isOwn = callee?.type === 'Identifier' && declared.some(({ name }) => name === (callee as Identifier).name);
    return isOwn || (callee && isFunction(callee)) || isPointless(last.expression) ? { kind: 'value' } : undefined;
  }
  const callable = declared.at(-1);
  if (callable === undefined || !statements.every((statement) => isIdle(statement, declared))) return undefined;
  return { kind: 'idle', at: callable.node, message: messageFor(callable) };
}

interface Callable {
  readonly name: string;
  readonly node: Node;
  readonly isClass: boolean;
}

/** The functions and classes that a statement at the top level declares. */
function callablesOf(statement: Statement): Callable[] {
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
    return [{ name: statement.id.name, node: statement, isClass: statement.type === 'ClassDeclaration' }];
  }
  if (statement.type !== 'VariableDeclaration') return [];
  return statement.declarations.flatMap(({ id, init }) => {
    if (id.type !== 'Identifier' || !init || !(isFunction(init) || init.type === 'ClassExpression')) return [];
    return [{ name: id.name, node: statement, isClass: init.type === 'ClassExpression' }];
  });
}

function messageFor({ name, isClass }: Callable): string {
  return isClass
    ? `the program only declares the class ${name}, and nothing uses it: end with a \`return\` that makes an instance and calls it`
    : `the program only declares ${name}, and nothing calls it: end with \`return ${name}($args)\`, or write \`export default\` before the function that is to run`;
}

/** What an expression calls first: that of `main().catch(log)` is `main`, and that of `new Job().run()` is `Job`. */
function calleeOf(expression: Expression): Node | undefined {
  let node: Node = expression.type === 'AwaitExpression' ? expression.argument : expression;
  if (node.type === 'NewExpression') return undefined;
  let callee: Node | undefined;
  for (;;) {
    const { argument, callee: called, object, expression: inner } = node as Node & Readonly<Record<string, Node>>;
    if (node.type === 'AwaitExpression') node = argument as Node;
    else if (node.type === 'ChainExpression') node = inner as Node;
    else if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      callee = called as Node;
      node = callee;
    } else if (node.type === 'MemberExpression') {
      callee = undefined;
      node = object as Node;
    } else return callee;
  }
}

const POINTLESS = new Set([
  ...['Identifier', 'Literal', 'TemplateLiteral', 'TemplateElement', 'ArrayExpression', 'ObjectExpression', 'Property'],
  ...['MemberExpression', 'BinaryExpression', 'LogicalExpression', 'ConditionalExpression', 'SpreadElement', 'Super'],
  ...['ThisExpression', 'ChainExpression', 'SequenceExpression', 'PrivateIdentifier', 'MetaProperty'],
]);

/** Whether it is written for its value: it calls, assigns and awaits nothing. */
function isPointless(node: Node): boolean {
  if (isFunction(node) || node.type === 'ClassExpression') return false;
  if (node.type === 'UnaryExpression') {
    return (node as Node & { operator: string }).operator !== 'delete' && childrenOf(node).every(isPointlessPart);
  }
  return POINTLESS.has(node.type) && childrenOf(node).every(isPointlessPart);
}

function isPointlessPart(node: Node): boolean {
  return isFunction(node) || isPointless(node);
}

/** Whether it declares, and uses neither what is declared nor what a handler acts with. */
function isIdle(statement: Statement, declared: readonly Callable[]): boolean {
  if (statement.type === 'EmptyStatement' || statement.type === 'FunctionDeclaration') return true;
  if (statement.type === 'ExpressionStatement') return statement.directive !== undefined;
  if (statement.type === 'ClassDeclaration') return !statement.superClass && !uses(statement.body, declared);
  if (statement.type !== 'VariableDeclaration') return false;
  return statement.declarations.every(({ id, init }) => {
    const names = new Set(namesOf(id));
    return (
      !init ||
      !uses(
        init,
        declared.filter(({ name }) => !names.has(name)),
      )
    );
  });
}

const ACTING = new Set(['console', 'globalThis', 'this', 'arguments']);

/** Outside of functions. A name may be that of a property: then it counts as used, too. */
function uses(node: Node, declared: readonly Callable[]): boolean {
  if (isFunction(node)) return false;
  if (node.type === 'ThisExpression' || node.type === 'AwaitExpression' || node.type === 'StaticBlock') return true;
  if (node.type === 'Identifier') {
    const { name } = node as Identifier;
    return name.startsWith('$') || ACTING.has(name) || declared.some((each) => each.name === name);
  }
  return childrenOf(node).some((child) => uses(child, declared));
}

/** Whether a `return` is in it, outside of functions. */
function returns(node: Node): boolean {
  if (node.type === 'ReturnStatement') return true;
  return !isFunction(node) && childrenOf(node).some(returns);
}

function isFunction({ type }: Node): boolean {
  return type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression';
}
