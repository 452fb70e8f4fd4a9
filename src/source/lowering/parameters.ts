import type { AssignmentExpression, ForOfStatement, FunctionExpression, Node, Pattern, UpdateExpression } from 'acorn';
import { childrenOf } from '../parse-script.js';
import { isFunction } from '../scopes/functions.js';
import { expressionsOf, mentionedNames, namesOf, walk } from './names.js';
import type { Target } from './writer.js';

export type LowerableFunction = FunctionExpression & { readonly expression?: boolean };

/** The problem that is reported if no rewriting is possible. */
export interface Refusal {
  readonly node: Node;
  readonly message: string;
}

/**
 * The engine keeps two copies of each parameter if any parameter has a default value: one for the default
 * values, one for the body. They can be told apart if a default value assigns a parameter, or contains a
 * function that uses a parameter which the body assigns.
 */
export function toldApart(node: LowerableFunction): boolean {
  const expressions = node.params.flatMap(expressionsOf);
  if (expressions.length === 0) return false;
  const names = new Set(node.params.flatMap(namesOf));
  const inDefaults = new Set(expressions.flatMap((expression) => [...assignedNames(expression)]));
  for (const name of names) if (inDefaults.has(name)) return true;
  const captured = new Set(expressions.flatMap(namesInFunctions));
  const inBody = assignedNames(node.body);
  // A variable of the body is separate; its initial value is that of the parameter.
  const declared = declaredInFunction(node.body);
  return [...names].some((name) => captured.has(name) && inBody.has(name) && !declared.has(name));
}

function namesInFunctions(root: Node): string[] {
  const names: string[] = [];
  for (const node of walk(root)) {
    if (isFunction(node) || node.type === 'ClassExpression') names.push(...mentionedNames(node));
  }
  return names;
}

/** Names that are assigned anywhere in a tree, whatever they mean there. */
function assignedNames(root: Node): Set<string> {
  const names = new Set<string>();
  const add = (pattern: Pattern | Node) => {
    for (const name of namesOf(pattern as Pattern)) names.add(name);
  };
  for (const node of walk(root)) {
    if (node.type === 'AssignmentExpression') add((node as AssignmentExpression).left);
    else if (node.type === 'UpdateExpression') add((node as UpdateExpression).argument);
    else if (node.type === 'ForOfStatement' || node.type === 'ForInStatement') add((node as ForOfStatement).left);
  }
  return names;
}

/**
 * `function f(a, b = () => a) {body}` as `function f($0,...$1){let[a, b = () => a]=[$0,...$1];{body}}`: one
 * variable for each parameter, in the original order and with the original places.
 */
export function lowerParameters(node: LowerableFunction, kind: string | undefined, prefix: string): Target | Refusal {
  const refusal = refuse(node);
  if (refusal !== undefined) return refusal;
  return {
    node,
    render(writer) {
      const { params, body } = node;
      const [first, last] = [params[0] as Pattern, params[params.length - 1] as Pattern];
      const plain = params.findIndex(({ type }) => type === 'AssignmentPattern' || type === 'RestElement');
      const isSetter = kind === 'set';
      const names = Array.from(
        { length: isSetter ? 0 : plain === -1 ? params.length : plain },
        (_, i) => `${prefix}${i}`,
      );
      const rest = `${prefix}r`;
      const given = isSetter ? [`${rest}=undefined`] : [...names, `...${rest}`];
      const values = isSetter ? rest : [...names, `...${rest}`].join();
      const isArrow = node.type !== 'FunctionExpression' && (node.type as string) === 'ArrowFunctionExpression';
      writer.range(node.start, first.start);
      writer.add(`${given})${isArrow ? '=>' : ''}{let[`);
      writer.range(first.start, last.end);
      writer.add(`]=[${values}];`);
      if ((body.type as string) === 'BlockStatement') writer.range(body.start, body.end);
      else {
        writer.add('return(');
        writer.range(body.start, body.end);
        writer.add(')');
      }
      writer.add('}');
    },
  };
}

function refuse(node: LowerableFunction): Refusal | undefined {
  const names = new Set([
    ...node.params.flatMap(namesOf),
    ...node.params.flatMap((param) => [...mentionedNames(param)]),
  ]);
  if (node.generator) {
    return {
      node,
      message:
        'a parameter of this generator is assigned and seen by the default value of another: copy it to a variable of the body and assign that',
    };
  }
  const declared = [...declaredInFunction(node.body)].find((name) => names.has(name));
  if (declared === undefined) return undefined;
  return {
    node,
    message: `a parameter is assigned and seen by the default value of another, and the body declares ${declared}, which the parameters name: give that variable another name`,
  };
}

/** Variables of the function, including functions in blocks that may become some. */
function declaredInFunction(body: Node): Set<string> {
  const names = new Set<string>();
  const waiting = [body];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.type === 'VariableDeclaration') {
      const { kind, declarations } = node as unknown as { kind: string; declarations: { id: Pattern }[] };
      if (kind === 'var') for (const { id } of declarations) for (const name of namesOf(id)) names.add(name);
    }
    if (node.type === 'FunctionDeclaration') names.add((node as unknown as { id: { name: string } }).id.name);
    if (node !== body && (isFunction(node) || node.type.startsWith('Class'))) continue;
    waiting.push(...childrenOf(node));
  }
  return names;
}
