import type { Node, Program } from 'acorn';

import { childrenOf } from '../parse-script.js';

/** More is in no handler that a person wrote. The bundler's time grows with the square of it. */
const MAX_DEPTH = 500;
/** Each is a message from the bundler's process. */
const MAX_IMPORTS = 1_000;
const IMPORTING = /^(?:Import(?:Declaration|Expression)|ExportAllDeclaration|ExportNamedDeclaration)$/;
/** What the bundler indents each level by. */
const INDENTATION = 2;
const NESTING =
  /^(?:BlockStatement|StaticBlock|SwitchStatement|ClassBody|ObjectExpression|ArrayExpression|ArrowFunctionExpression|Function(?:Declaration|Expression))$/;

/**
 * Why a module would keep the bundler busy, or make it write far more than the source has: it indents what is nested.
 *
 * @returns undefined if it does not
 */
export function refuseLinking(program: Program, maxBytes: number): string | undefined {
  const waiting: [node: Node, depth: number][] = [[program, 0]];
  let bytes = 0;
  let imports = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, around] = next;
    if (IMPORTING.test(node.type) && (node as Node & { source?: Node | null }).source && ++imports > MAX_IMPORTS)
      return `the module imports more than ${MAX_IMPORTS} times: import one file that imports the others`;
    const depth = NESTING.test(node.type) ? around + 1 : around;
    if (depth > MAX_DEPTH) return `the module is nested too deeply to import files: ${MAX_DEPTH} levels are the most`;
    // A statement, a property or an element is on a line of its own.
    bytes += depth * INDENTATION;
    if (bytes > maxBytes) return 'the module is nested too deeply and is too long to import files: write it in several';
    for (const child of childrenOf(node)) waiting.push([child, depth]);
  }
  return undefined;
}
