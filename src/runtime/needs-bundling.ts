import { extname } from 'node:path';
import type { Node } from 'acorn';

import { childrenOf, parseModule, parseScript } from '../source/parse-script.js';
import { neutraliseFileHeader } from '../source/source-text.js';

/** Never scripts. */
const OTHER_LANGUAGES = new Set(['.mjs', '.ts', '.mts', '.cts', '.json']);
const MODULE_WORD = /\b(?:import|export)\b/;
const REQUIRE_WORD = /\brequire\s*\(/;

/**
 * Whether a library's file has to be bundled: it is a module, or requires something. The parser decides. A script that declares `require`
 * itself is a bundle already; what is required in a `try` may be missing.
 */
export function needsBundling(source: string, file: string): boolean {
  if (OTHER_LANGUAGES.has(extname(file))) return true;
  const text = neutraliseFileHeader(source);
  const mayRequire = REQUIRE_WORD.test(text);
  if (!mayRequire && !MODULE_WORD.test(text)) return false;
  try {
    const program = parseScript(`(function(module,exports){${text}\n})`);
    return mayRequire && requires(program);
  } catch {
    return isModule(text);
  }
}

/** A text that is neither is a script with an error, which the engine describes. */
function isModule(text: string): boolean {
  try {
    return parseModule(text).body.some(({ type }) => type === 'ImportDeclaration' || type.startsWith('Export'));
  } catch {
    return false;
  }
}

function requires(program: Node): boolean {
  let isFound = false;
  const waiting: Node[] = [program];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (declaresRequire(node)) return false;
    if (isRequire(node)) isFound = true;
    const tried = node.type === 'TryStatement' ? (node as Node & { block: Node }).block : undefined;
    for (const child of childrenOf(node)) if (child !== tried) waiting.push(child);
  }
  return isFound;
}

function isRequire(node: Node): boolean {
  if (node.type !== 'CallExpression') return false;
  const { callee, arguments: args } = node as Node & { callee: Node; arguments: Node[] };
  return isNamedRequire(callee) && args.length === 1 && typeof (args[0] as { value?: unknown }).value === 'string';
}

function declaresRequire(node: Node): boolean {
  if (node.type === 'VariableDeclarator' || node.type === 'FunctionDeclaration') {
    if (isNamedRequire((node as Node & { id?: Node | null }).id)) return true;
  }
  return 'params' in node && (node.params as Node[]).some(isNamedRequire);
}

function isNamedRequire(node: Node | null | undefined): boolean {
  return node?.type === 'Identifier' && (node as Node & { name: string }).name === 'require';
}
