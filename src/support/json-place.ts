/** Where a text is no longer JSON. */
export interface JsonPlace {
  /** Index in the text; its length if it ends too early. */
  readonly at: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * Finds where a text stops being JSON: its first character that cannot stand there. Messages of V8 say it in some versions, and for some texts.
 *
 * @param text that `JSON.parse` has refused
 */
export function findJsonFault(text: string): JsonPlace {
  const at = faultIn(text);
  const before = text.slice(0, at).split('\n');
  return { at, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

/** How far a part of the text is good, and whether it is complete there. */
interface Part {
  readonly end: number;
  readonly isWhole: boolean;
}

function faultIn(text: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const next = text[at];
    if (expected === 'colon') {
      if (next !== ':') return at;
      at++;
      expected = 'value';
    } else if (expected === 'comma or end') {
      const container = open.at(-1);
      if (container === undefined) return at;
      if (next === ',') expected = container === '{' ? 'key' : 'value';
      else if (next === closing(container)) open.pop();
      else return at;
      at++;
    } else if ((expected === 'value or ]' && next === ']') || (expected === 'key or }' && next === '}')) {
      open.pop();
      at++;
      expected = 'comma or end';
    } else if (expected === 'key' || expected === 'key or }') {
      if (next !== '"') return at;
      const { end, isWhole } = readText(text, at);
      if (!isWhole) return end;
      at = end;
      expected = 'colon';
    } else if (next === '{' || next === '[') {
      open.push(next);
      at++;
      expected = next === '{' ? 'key or }' : 'value or ]';
    } else {
      const { end, isWhole } = readScalar(text, at);
      if (!isWhole) return end;
      at = end;
      expected = 'comma or end';
    }
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\n\r'.includes(text[at] as string)) at++;
  return at;
}

function closing(container: '{' | '['): string {
  return container === '{' ? '}' : ']';
}

const WORDS = ['true', 'false', 'null'];

function readScalar(text: string, start: number): Part {
  if (text[start] === '"') return readText(text, start);
  const word = WORDS.find((one) => one[0] === text[start]);
  if (word === undefined) return readNumber(text, start);
  let length = 1;
  while (length < word.length && text[start + length] === word[length]) length++;
  return { end: start + length, isWhole: length === word.length };
}

function readText(text: string, start: number): Part {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return { end: at + 1, isWhole: true };
    if (text.charCodeAt(at) < 0x20) return { end: at, isWhole: false };
    if (text[at] !== '\\') continue;
    at++;
    if (text[at] === 'u') {
      const hex = /[0-9a-fA-F]{0,4}/.exec(text.slice(at + 1, at + 5))?.[0].length ?? 0;
      if (hex < 4) return { end: at + 1 + hex, isWhole: false };
      at += 4;
    } else if (!'"\\/bfnrt'.includes(text[at] ?? ' ')) return { end: at, isWhole: false };
  }
  return { end: text.length, isWhole: false };
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Behind it digits are missing. */
const NUMBER_TAIL = /\.|[eE][+-]?/y;

function readNumber(text: string, start: number): Part {
  const end = start + lengthOf(NUMBER, text, start);
  if (end === start) return { end: text[start] === '-' ? start + 1 : start, isWhole: false };
  const tail = lengthOf(NUMBER_TAIL, text, end);
  return { end: end + tail, isWhole: tail === 0 };
}

function lengthOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
