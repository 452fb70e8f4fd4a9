import { LRUCache } from 'lru-cache';

import { type AcornToken, tokenize } from '../parse-script.js';
import { fileHeaderShift } from '../source-text.js';

export interface Token {
  readonly text: string;
  /** What decides whether an expression can end here. A name that is a keyword of the language is a `'keyword'`, after a dot as well. */
  readonly kind: 'name' | 'keyword' | 'literal' | 'template' | 'mark';
  /** Indices into the source. */
  readonly start: number;
  readonly end: number;
}

/** Reading so much takes some milliseconds, at an error, on the main thread. A longer source is not read. */
export const MAX_READ_CHARACTERS = 48 * 1024;

const LITERALS: ReadonlySet<string> = new Set(['string', 'num', 'regexp']);
const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * The tokens of a source, JavaScript or TypeScript: which is to say what is a text, a comment, a regular expression, and which brackets
 * belong together. There is no tree, so that it can be asked of what the parser would refuse.
 */
export class Tokens {
  readonly source: string;
  readonly list: readonly Token[];
  /** By the index of a bracket, that of the other one. */
  readonly #partners: ReadonlyMap<number, number>;

  /** Undefined for a source that is too long, or that cannot be told into tokens. */
  static of(source: string): Tokens | undefined {
    if (source.length > MAX_READ_CHARACTERS) return undefined;
    const kept = recent.get(source);
    if (kept !== undefined) return kept;
    try {
      const tokens = new Tokens(source, [...read(source)]);
      recent.set(source, tokens);
      return tokens;
    } catch {
      return undefined;
    }
  }

  /** As far as they can be told apart, of a source that has an error of syntax. */
  static upToError(source: string): Tokens | undefined {
    if (source.length > MAX_READ_CHARACTERS) return undefined;
    const list: Token[] = [];
    try {
      for (const token of read(source)) list.push(token);
    } catch {
      // The rest is not to be told.
    }
    return new Tokens(source, list);
  }

  private constructor(source: string, list: readonly Token[]) {
    this.source = source;
    this.list = list;
    this.#partners = pair(list);
  }

  at(index: number): Token | undefined {
    return this.list[index];
  }

  partner(index: number): number | undefined {
    return this.#partners.get(index);
  }

  /** The token that begins at, or holds, this index of the source. */
  indexAt(offset: number): number | undefined {
    let [low, high] = [0, this.list.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const { start, end } = this.list[middle] as Token;
      if (offset < start) high = middle - 1;
      else if (offset >= end) low = middle + 1;
      else return middle;
    }
    return undefined;
  }
}

/** Handlers that fail, fail again. Some 30 bytes for a character. */
const recent = new LRUCache<string, Tokens>({
  maxSize: 2 * MAX_READ_CHARACTERS,
  sizeCalculation: ({ source }) => source.length + 1,
});

function* read(source: string): Generator<Token> {
  const shift = fileHeaderShift(source);
  for (const token of tokenize(source.slice(shift))) {
    const [start, end] = [token.start + shift, token.end + shift];
    yield { text: source.slice(start, end), kind: kindOf(token), start, end };
  }
}

function kindOf({ type }: AcornToken): Token['kind'] {
  if (type.keyword !== undefined) return 'keyword';
  if (type.label === 'name' || type.label === 'privateId') return 'name';
  if (LITERALS.has(type.label)) return 'literal';
  return type.label === 'template' ? 'template' : 'mark';
}

function pair(list: readonly Token[]): Map<number, number> {
  const partners = new Map<number, number>();
  const open: number[] = [];
  for (const [index, { text, kind }] of list.entries()) {
    if (kind !== 'mark') continue;
    const last = list[open.at(-1) ?? -1]?.text;
    const isEnd = text === '`' ? last === '`' : PAIRS[text] !== undefined && last?.endsWith(PAIRS[text]) === true;
    if (isEnd) {
      const start = open.pop() as number;
      partners.set(start, index);
      partners.set(index, start);
    } else if (text === '(' || text === '[' || text === '{' || text === '${' || text === '`') open.push(index);
  }
  return partners;
}
