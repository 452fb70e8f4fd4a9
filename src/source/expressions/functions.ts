import { operandEndingAt, textOf } from './operand.js';
import type { Tokens } from './tokens.js';

/**
 * The name of the function around a token by what it is assigned to, `o.run` of `o.run = () => …`: those that the language itself gives
 * no name. Undefined for any other function, and where it is not certain.
 */
export function functionNameAt(tokens: Tokens, index: number): string | undefined {
  const start = startOfFunction(tokens, index);
  if (start === undefined || tokens.at(start - 1)?.text !== '=') return undefined;
  const target = operandEndingAt(tokens, start - 2);
  if (target === undefined || target.first === target.last) return undefined;
  return textOf(tokens, target);
}

/** The first token of the anonymous function around a token. */
function startOfFunction(tokens: Tokens, index: number): number | undefined {
  let isSeparated = false;
  for (let at = index - 1; at >= 0; at--) {
    const { text } = tokens.at(at) ?? { text: '' };
    const partner = tokens.partner(at);
    if (partner !== undefined && partner < at) {
      at = partner;
      continue;
    }
    if (text === ';' || text === ',') isSeparated = true;
    // The body of an arrow function without braces ends somewhere on a line: only on this one that is sure not to be before.
    if (text === '=>' && !isSeparated && isOneLine(tokens, at, index)) return startOfArrow(tokens, at);
    if (partner === undefined) continue;
    isSeparated = false;
    if (text !== '{') continue;
    const before = tokens.at(at - 1)?.text;
    if (before === '=>') return startOfArrow(tokens, at - 1);
    if (before !== ')') continue;
    const head = tokens.partner(at - 1);
    if (head === undefined) return undefined;
    const keyword = tokens.at(head - 1)?.text ?? '';
    if (keyword === 'function' || (keyword === '*' && tokens.at(head - 2)?.text === 'function')) {
      const first = keyword === '*' ? head - 2 : head - 1;
      return tokens.at(first - 1)?.text === 'async' ? first - 1 : first;
    }
    if (!STATEMENTS.has(keyword)) return undefined;
  }
  return undefined;
}

const STATEMENTS: ReadonlySet<string> = new Set(['if', 'for', 'while', 'with', 'switch', 'catch', 'await']);

function startOfArrow(tokens: Tokens, arrow: number): number | undefined {
  const first = tokens.at(arrow - 1)?.text === ')' ? tokens.partner(arrow - 1) : arrow - 1;
  if (first === undefined) return undefined;
  return tokens.at(first - 1)?.text === 'async' ? first - 1 : first;
}

function isOneLine(tokens: Tokens, from: number, to: number): boolean {
  return !/[\n\r\u2028\u2029]/.test(tokens.source.slice(tokens.at(from)?.start, tokens.at(to)?.start));
}
