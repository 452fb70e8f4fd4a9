import { quote } from './quote.js';

const { getOwnPropertyDescriptor, ownKeys } = Reflect;
const { is } = Object;

/** Of a text. */
const MAX_TEXT = 10_000;
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
/** From here on a line is broken. */
export const BREAK_LENGTH = 80;
const MIN_LINE = 16;

export function remaining(count: number, what: string): string {
  return `... ${count} more ${what}${count > 1 ? 's' : ''}`;
}

export function primitive(value: unknown, indentation: number, breakLength = BREAK_LENGTH): string {
  if (typeof value === 'string') return textOf(value, indentation, breakLength);
  if (typeof value === 'number') return is(value, -0) ? '-0' : String(value);
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

function textOf(value: string, indentation: number, breakLength: number): string {
  let trailer = '';
  let text = value;
  if (text.length > MAX_TEXT) {
    const left = text.length - MAX_TEXT;
    text = text.slice(0, MAX_TEXT);
    trailer = `... ${left} more character${left > 1 ? 's' : ''}`;
  }
  if (text.length > MIN_LINE && text.length > breakLength - indentation - 4 && text.includes('\n')) {
    const lines = text.split(/(?<=\n)/).map(quote);
    return lines.join(` +\n${' '.repeat(Math.max(0, indentation) + 2)}`) + trailer;
  }
  return quote(text) + trailer;
}

export function keyText(key: PropertyKey, isEnumerable: boolean): string {
  if (typeof key === 'symbol') return `[${String(key)}]`;
  const text = String(key);
  if (text === '__proto__') return "['__proto__']";
  if (!isEnumerable) return `[${text}]`;
  return IDENTIFIER.test(text) ? text : quote(text);
}

/** Enumerable ones. @param areNamed without the indices of an array */
export function keysOf(value: object, areNamed = false): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (const key of ownKeys(value)) {
    if (areNamed && typeof key === 'string' && isIndex(key)) continue;
    if (getOwnPropertyDescriptor(value, key)?.enumerable === true) keys.push(key);
  }
  return keys;
}

export function isIndex(key: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(key);
}
