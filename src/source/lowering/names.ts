import type { Node, Pattern } from 'acorn';

import { childrenOf } from '../parse-script.js';

/** The names that a pattern binds or assigns. */
export function namesOf(pattern: Pattern | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesOf(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap(namesOf);
    case 'RestElement':
      return namesOf(pattern.argument);
    case 'AssignmentPattern':
      return namesOf(pattern.left);
    default:
      // A member is not a name.
      return [];
  }
}

/** The expressions in a pattern: default values and computed keys. */
export function expressionsOf(pattern: Pattern | null): Node[] {
  switch (pattern?.type) {
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        property.type === 'RestElement'
          ? expressionsOf(property.argument)
          : [...(property.computed ? [property.key] : []), ...expressionsOf(property.value)],
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap(expressionsOf);
    case 'RestElement':
      return expressionsOf(pattern.argument);
    case 'AssignmentPattern':
      return [...expressionsOf(pattern.left), pattern.right];
    default:
      return [];
  }
}

/** All nodes of a tree, parents before children. */
export function* walk(root: Node): Generator<Node> {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    waiting.push(...childrenOf(node).reverse());
  }
}

/** Every name that occurs in a tree, whatever it means there. */
export function mentionedNames(root: Node): Set<string> {
  const names = new Set<string>();
  for (const node of walk(root)) if (node.type === 'Identifier') names.add((node as Node & { name: string }).name);
  return names;
}
