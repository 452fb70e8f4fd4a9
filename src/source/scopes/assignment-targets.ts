import type { Node } from 'acorn';

import { childrenOf } from '../parse-script.js';

/** Names and members that a node assigns to or deletes. */
export function targetsOf(node: Node): Node[] {
  const { left, argument, operator } = node as Node & { left?: Node; argument?: Node; operator?: string };
  if (node.type === 'UpdateExpression' || (node.type === 'UnaryExpression' && operator === 'delete'))
    return argument === undefined ? [] : [argument];
  if (left === undefined || !/^(?:AssignmentExpression|For(?:In|Of)Statement)$/.test(node.type)) return [];
  const found: Node[] = [];
  const waiting = [left];
  for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
    if (target.type === 'Identifier' || target.type === 'MemberExpression') found.push(target);
    else if (target.type === 'Property') waiting.push((target as Node & { value: Node }).value);
    else if (target.type === 'AssignmentPattern') waiting.push((target as Node & { left: Node }).left);
    else if (/^(?:Object|Array)Pattern$|^RestElement$/.test(target.type)) waiting.push(...childrenOf(target));
  }
  return found;
}
