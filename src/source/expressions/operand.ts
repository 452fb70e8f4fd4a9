import type { Token, Tokens } from './tokens.js';

/** A chain of members and calls, `a.b(1)[c]`, in a source. */
export interface Operand {
  /** Indices of its first and last token. */
  readonly first: number;
  readonly last: number;
  /** Whether `new` stands before a chain without a call: then what follows are its arguments. */
  readonly isConstructed: boolean;
}

/** Names that stand before an expression and not for one. */
const OPERATORS: ReadonlySet<string> = new Set(['await', 'yield', 'of', 'async', 'as', 'satisfies']);
const OPERANDS: ReadonlySet<string> = new Set(['this', 'super', 'null', 'true', 'false']);
/** What a bracket follows that is no argument list. */
const HEADS: ReadonlySet<string> = new Set(['if', 'while', 'for', 'with', 'switch', 'catch']);
const MAX_CHARACTERS = 100;

/** The chain that ends with this token. Undefined where it is not certain where it begins. */
export function operandEndingAt(tokens: Tokens, last: number): Operand | undefined {
  let at = last;
  let hasCall = false;
  for (;;) {
    at = withoutBangs(tokens, at);
    const token = tokens.at(at);
    if (token === undefined) return undefined;
    const { text, kind } = token;
    if (text === ')' || text === ']' || (text === '`' && kind === 'mark')) {
      const open = tokens.partner(at);
      if (open === undefined) return undefined;
      const before = tokens.at(open - 1)?.text === '?.' ? open - 2 : open - 1;
      if (tokens.at(before)?.text === '}') return undefined;
      if (!endsOperand(tokens, before)) return finish(tokens, open, last, hasCall);
      hasCall ||= text !== ']';
      at = before;
      continue;
    }
    if (!isWord(token)) return undefined;
    const before = tokens.at(at - 1)?.text;
    if (before === '.' || before === '?.') {
      at -= 2;
      continue;
    }
    if (kind === 'keyword' && !OPERANDS.has(text)) return undefined;
    return finish(tokens, at, last, hasCall);
  }
}

/** The chain that begins with this token. Undefined where it is more than one. */
export function operandBeginningAt(tokens: Tokens, first: number): Operand | undefined {
  let at = tokens.at(first)?.text === 'new' ? first + 1 : first;
  const start = tokens.at(at);
  if (start === undefined || !isWord(start)) return undefined;
  for (;;) {
    const next = tokens.at(at + 1)?.text;
    if (next === '.' || next === '?.') at += isGroup(tokens.at(at + 2)) ? 1 : 2;
    else if (next === '(' || next === '[') {
      const close = tokens.partner(at + 1);
      if (close === undefined) return undefined;
      at = close;
    } else if (next === '!' && tokens.at(at + 2)?.text.startsWith('=') === false) at += 1;
    else break;
  }
  const ended = tokens.at(at);
  if (ended === undefined || !endsExpression(tokens, at)) return undefined;
  return { first, last: at, isConstructed: false };
}

/** As it is written, on one line; what is in brackets is left out when it is long. Undefined when it is long all the same. */
export function textOf(tokens: Tokens, { first, last }: Pick<Operand, 'first' | 'last'>): string | undefined {
  const start = (tokens.at(first) as Token).start;
  const { end } = tokens.at(last) as Token;
  const whole = tokens.source.slice(start, end);
  if (whole.length <= MAX_CHARACTERS / 2 && !/[\n\r\u2028\u2029]|\/[/*]/.test(whole)) return whole;
  let text = '';
  for (let at = first; at <= last; at++) {
    const token = tokens.at(at) as Token;
    const close = tokens.partner(at);
    if (close !== undefined && close > at + 1 && close <= last) {
      text += `${token.text}…${tokens.at(close)?.text}`;
      at = close;
    } else text += /\w$/.test(text) && isWord(token) ? ` ${token.text}` : token.text;
    if (text.length > MAX_CHARACTERS) return undefined;
  }
  return text;
}

function finish(tokens: Tokens, found: number, last: number, hasCall: boolean): Operand {
  let first = found;
  while (tokens.at(first - 1)?.text === 'new' && tokens.at(first - 2)?.text !== '.') first--;
  return { first, last, isConstructed: first < found && !hasCall };
}

/** `!` behind an expression is TypeScript's. */
function withoutBangs(tokens: Tokens, from: number): number {
  let at = from;
  while (tokens.at(at)?.text === '!' && tokens.at(at - 1)?.text !== '!') at--;
  return at;
}

/** Whether brackets that follow this token are arguments or a key, and not an expression by itself. */
function endsOperand(tokens: Tokens, index: number): boolean {
  const at = withoutBangs(tokens, index);
  const token = tokens.at(at);
  if (token === undefined) return false;
  const { text, kind } = token;
  const before = tokens.at(at - 1)?.text;
  const isMember = before === '.' || before === '?.';
  if (text === ')') return !isHead(tokens, at);
  if (text === ']' || text === '`') return true;
  if (kind === 'literal') return true;
  if (kind === 'keyword') return isMember || OPERANDS.has(text) || text === 'import';
  return kind === 'name' && (isMember || !OPERATORS.has(text));
}

/** Whether a bracket closes what `if` and the like are asked with. */
function isHead(tokens: Tokens, close: number): boolean {
  const open = tokens.partner(close);
  if (open === undefined) return true;
  const before = tokens.at(open - 1)?.text ?? '';
  const isAwait = before === 'await' && tokens.at(open - 2)?.text === 'for';
  return isAwait || (HEADS.has(before) && tokens.at(open - 2)?.text !== '.');
}

const ENDS: ReadonlySet<string> = new Set([';', ',', ')', ']', '}']);

/** Whether an expression ends with this token for certain. */
function endsExpression(tokens: Tokens, index: number): boolean {
  const token = tokens.at(index);
  const next = tokens.at(index + 1);
  if (next === undefined || ENDS.has(next.text)) return true;
  const between = tokens.source.slice(token?.end, next.start);
  return /[\n\r\u2028\u2029]/.test(between) && isWord(next);
}

function isGroup(token: Token | undefined): boolean {
  return token?.text === '(' || token?.text === '[';
}

function isWord({ kind }: Token): boolean {
  return kind === 'name' || kind === 'keyword' || kind === 'literal';
}
