import { type Operand, operandBeginningAt, operandEndingAt, textOf } from '../../source/expressions/operand.js';
import type { Tokens } from '../../source/expressions/tokens.js';

/** Where the engine says that something failed. */
export interface FailedPlace {
  readonly tokens: Tokens;
  /** Index into the source. */
  readonly offset: number;
  /** Name of the builtin that failed there, when it was not the handler's own code. */
  readonly builtin: string | undefined;
}

const READ = /^cannot (read|set) property '([^']*)' of (undefined|null)$/;
const COMPUTED = /^cannot (read|set) property of (undefined|null)$/;
const ITERATED = /^(?:cannot read property 'Symbol\.iterator' of (undefined|null)|(value) is not iterable)$/;
const NO_FUNCTION = 'not a function';
const NO_OBJECT = 'cannot convert to object';

/**
 * A message of the engine with the expression that it is about, as the author wrote it. The engine says what failed and not on what:
 * `not a function`.
 *
 * @returns undefined where what stands at the place does not fit the message
 */
export function nameExpression(message: string, place: FailedPlace): string | undefined {
  const { tokens, offset, builtin } = place;
  // Who throws an error with these very words writes them somewhere.
  if (tokens.source.includes(message)) return undefined;
  const at = tokens.indexAt(offset);
  if (builtin !== undefined) return inBuiltin(message, tokens, at, builtin);
  if (message === NO_FUNCTION) return notCallable(tokens, at, offset);
  if (at === undefined) return undefined;
  const iterated = ITERATED.exec(message);
  if (iterated !== null) return notIterable(tokens, at, iterated[1] ?? '');
  const member = READ.exec(message) ?? COMPUTED.exec(message);
  if (member !== null) return noMember(tokens, at, member);
  return message === NO_OBJECT ? noObject(tokens, at) : undefined;
}

/** The chain that is called, or whose member is read, at this token. */
export function calleeAt(tokens: Tokens, at: number): Operand | undefined {
  const token = tokens.at(at);
  const isCall = token?.kind === 'mark' && (token.text === '(' || token.text === '`');
  return isCall ? operandEndingAt(tokens, beforeOptional(tokens, at)) : undefined;
}

function inBuiltin(message: string, tokens: Tokens, at: number | undefined, builtin: string): string | undefined {
  const callee = at === undefined ? undefined : calleeAt(tokens, at);
  if (callee === undefined || tokens.at(callee.last)?.text !== builtin) return undefined;
  const text = textOf(tokens, callee);
  return text === undefined ? undefined : `${message}, in a call of ${text}`;
}

function notCallable(tokens: Tokens, at: number | undefined, offset: number): string | undefined {
  const called = at === undefined ? undefined : calleeAt(tokens, at);
  if (called !== undefined) {
    const text = textOf(tokens, called.isConstructed ? withoutNew(tokens, called) : called);
    return text && `${text} is not a ${called.isConstructed ? 'constructor' : 'function'}`;
  }
  // `new f` without arguments: the place is behind it.
  const before = at === undefined ? lastBefore(tokens, offset) : at - 1;
  const constructed = operandEndingAt(tokens, before);
  if (!constructed?.isConstructed) return undefined;
  const text = textOf(tokens, withoutNew(tokens, constructed));
  return text && `${text} is not a constructor`;
}

function noMember(tokens: Tokens, at: number, [, verb, name, value]: RegExpExecArray): string | undefined {
  const isComputed = value === undefined;
  const token = tokens.at(at);
  const object = operandEndingAt(tokens, beforeOptional(tokens, at));
  if (object === undefined) return undefined;
  const last = token?.text === '[' ? tokens.partner(at) : isComputed ? undefined : memberAfterDot(tokens, at, name);
  const { first } = object.isConstructed ? withoutNew(tokens, object) : object;
  const text = last === undefined ? undefined : textOf(tokens, { first, last });
  if (text === undefined) return undefined;
  const read = `cannot ${verb} properties of ${value ?? name}`;
  const doing = verb === 'set' ? 'setting' : 'reading';
  return isComputed ? `${read}, of ${text}` : `${read} (${doing} '${name}'), of ${text}`;
}

function memberAfterDot(tokens: Tokens, at: number, name: string | undefined): number | undefined {
  const dot = tokens.at(at)?.text;
  return (dot === '.' || dot === '?.') && tokens.at(at + 1)?.text === name ? at + 1 : undefined;
}

/** What `for … of`, a spread or an array pattern goes through. Its place is that of its last dot, bracket or name. */
function notIterable(tokens: Tokens, at: number, value: string): string | undefined {
  const isPattern = tokens.at(at - 1)?.text === '[';
  const iterated = isPattern ? initialiserOf(tokens, at - 1) : iteratedAt(tokens, at);
  const text = iterated && textOf(tokens, iterated);
  if (text === undefined) return isPattern ? givenToPattern(tokens, at - 1, value) : undefined;
  return value === '' || value === text ? `${text} is not iterable` : `${text} is ${value}, and not iterable`;
}

function givenToPattern(tokens: Tokens, open: number, value: string): string | undefined {
  const pattern = patternText(tokens, open);
  return pattern && `cannot destructure ${pattern}: it is given ${value || 'a value that is not iterable'}`;
}

function iteratedAt(tokens: Tokens, at: number): Operand | undefined {
  for (let start = at; start >= 0; start--) {
    const before = tokens.at(start - 1);
    const isIterated = before?.text === '...' || (before?.text === 'of' && tokens.at(start - 2)?.text !== '.');
    if (isIterated) {
      const operand = operandBeginningAt(tokens, start);
      return operand !== undefined && isLastStep(tokens, operand, at) ? operand : undefined;
    }
    if (before === undefined || ';{}=,'.includes(before.text)) return undefined;
  }
  return undefined;
}

/** Whether the engine notes this place for the chain: it is the last step of it. */
function isLastStep(tokens: Tokens, { first, last }: Operand, at: number): boolean {
  const end = tokens.at(last)?.text;
  const isGroup = end === ')' || end === ']';
  const step = isGroup ? tokens.partner(last) : first === last ? first : last - 1;
  return at === step;
}

/** `{` and `[` of a pattern that is given a chain: `const { a } = b.c`. */
function initialiserOf(tokens: Tokens, open: number): Operand | undefined {
  const close = tokens.partner(open);
  if (close === undefined || tokens.at(close + 1)?.text !== '=') return undefined;
  return operandBeginningAt(tokens, close + 2);
}

function noObject(tokens: Tokens, at: number): string | undefined {
  if (tokens.at(at - 1)?.text !== '{') return deletedMember(tokens, at);
  const text = patternText(tokens, at - 1);
  const value = initialiserOf(tokens, at - 1);
  // Of a pattern inside another one, or of a parameter, it is not told what it is given.
  const of = value && isDeclared(tokens, at - 1) ? textOf(tokens, value) : undefined;
  if (text === undefined) return undefined;
  return of === undefined
    ? `cannot destructure ${text}: it is given undefined or null`
    : `cannot destructure ${text}: ${of} is undefined or null`;
}

function deletedMember(tokens: Tokens, at: number): string | undefined {
  const object = operandEndingAt(tokens, beforeOptional(tokens, at));
  if (object === undefined || tokens.at(object.first - 1)?.text !== 'delete') return undefined;
  const text = textOf(tokens, object);
  return text && `cannot delete properties of ${text}: it is undefined or null`;
}

function isDeclared(tokens: Tokens, open: number): boolean {
  const before = tokens.at(open - 1)?.text ?? '';
  return before === 'const' || before === 'let' || before === 'var' || before === '(';
}

function patternText(tokens: Tokens, open: number): string | undefined {
  const close = tokens.partner(open);
  return close === undefined ? undefined : textOf(tokens, { first: open, last: close });
}

function withoutNew(tokens: Tokens, { first, last }: Operand): Pick<Operand, 'first' | 'last'> {
  return { first: tokens.at(first)?.text === 'new' ? first + 1 : first, last };
}

/** The token before a bracket or dot, and before the `?.` of one. */
function beforeOptional(tokens: Tokens, at: number): number {
  return tokens.at(at - 1)?.text === '?.' ? at - 2 : at - 1;
}

function lastBefore(tokens: Tokens, offset: number): number {
  for (let i = tokens.list.length - 1; i >= 0; i--) if ((tokens.at(i)?.end ?? 0) <= offset) return i;
  return -1;
}
