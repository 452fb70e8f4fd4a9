import { type AnyNode, parse } from 'acorn';

const PREFIX = 'async function handler() {\n';
/** What one expression is made of. A function's body has expressions of its own. */
const PART =
  /Expression$|Literal$|^Identifier$|^Template|Pattern$|^Property$|^VariableDeclarator$|^Spread|^Super$|^PrivateIdentifier$|^ChainExpression$|^PropertyDefinition$|^MethodDefinition$|^RestElement$/;

interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * The outermost expression around a place that is within one statement, as places of its begin and end; undefined where there is none,
 * and when the source does not parse.
 */
export function expressionAt(source: string, place: Place): { readonly begin: Place; readonly end: Place } | undefined {
  let program: AnyNode;
  try {
    program = parse(`${PREFIX}${source}\n}`, { ecmaVersion: 'latest', locations: true }) as AnyNode;
  } catch {
    return undefined;
  }
  const offset = offsetOf(`${PREFIX}${source}`, { line: place.line + 1, column: place.column });
  let found: AnyNode | undefined;
  const visit = (node: AnyNode, parent: AnyNode | undefined): void => {
    if (offset < node.start || offset > node.end) return;
    const startsAnew = parent === undefined || !PART.test(parent.type);
    if (PART.test(node.type) && startsAnew) found = node;
    for (const value of Object.values(node) as unknown[]) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node);
    }
  };
  visit(program, undefined);
  if (found?.loc == null) return undefined;
  const { start, end } = found.loc;
  return {
    begin: { line: start.line - 1, column: start.column + 1 },
    end: { line: end.line - 1, column: end.column + 1 },
  };
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function offsetOf(text: string, { line, column }: Place): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
}
