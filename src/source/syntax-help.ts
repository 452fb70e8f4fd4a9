import { type Token, Tokens } from './expressions/tokens.js';
import type { SourceLines, SourceLocation } from './source-lines.js';
import { isTypeScript } from './typescript/strip-types.js';

/** What to say of an error of syntax instead of the parser's words, and where it is. */
export interface SyntaxHelp {
  readonly message: string;
  readonly location: SourceLocation;
}

/** What the parser stumbled over. */
interface Stumble {
  readonly tokens: Tokens;
  readonly lines: SourceLines;
  /** Index into the source. */
  readonly offset: number;
  /** Of the token at that place; of none at the end, the number of tokens. */
  readonly at: number;
  readonly isTyped: boolean;
}

type Help = { readonly message: string; readonly offset?: number };
type Rule = (stumble: Stumble) => Help | undefined;

const FENCE = /^\s*(```|~~~)/;
const TYPE_WORDS: ReadonlySet<string> = new Set([
  ...['interface', 'type', 'enum', 'declare', 'namespace', 'abstract', 'as', 'satisfies', 'implements', 'readonly'],
]);
const OPENS: ReadonlySet<string> = new Set(['(', '[', '{', '${', '`']);
const CLOSES: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const CLOSER: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '${': '}', '`': '`' };

/**
 * What authors mean whose text does not parse: the parser says of which token it does not know what to do with it, which is often far
 * from the mistake.
 *
 * @param location where the parser stumbled, in the author's text
 * @returns undefined where the parser's own words are the best that is known
 */
export function explainSyntax(lines: SourceLines, location: SourceLocation, filename: string): SyntaxHelp | undefined {
  const { source } = lines;
  const fence = findFence(lines);
  if (fence !== undefined) return fence;
  const tokens = Tokens.upToError(source);
  if (tokens === undefined) return undefined;
  const offset = lines.offsetOf(location) ?? source.length;
  const found = tokens.list.findIndex(({ end }) => end > offset);
  const at = found === -1 ? tokens.list.length : found;
  const stumble: Stumble = { tokens, lines, offset, at, isTyped: isTypeScript(filename) };
  for (const rule of RULES) {
    const help = rule(stumble);
    if (help === undefined) continue;
    return { message: help.message, location: lines.locationAt(help.offset ?? offset) };
  }
  return undefined;
}

/** A source that begins with a Markdown fence. It may well parse: as templates that tag each other. */
export function findFence(lines: SourceLines): SyntaxHelp | undefined {
  const fence = FENCE.exec(lines.source);
  return fence === null ? undefined : { message: FENCED, location: lines.locationAt(fence[0].length - 3) };
}

export const NOT_IMPORTED =
  'only a module, with `export default`, imports, and only what the option modules of the runtime allows; libraries are $lib.<name> as well, what the application offers is $ext.<name>.<method>(…)';

const DATA = 'the source is JSON, and a handler is a program: write `return` before it, or pass it as `args`';
/** Longer data is not parsed only to say so. */
const MAX_DATA = 64 * 1024;

const FENCED = 'the source is in a Markdown fence; pass what stands between the fences alone';

const closingFence: Rule = ({ tokens, at, offset }) => {
  const { source } = tokens;
  const line = source.slice(source.lastIndexOf('\n', Math.max(0, offset - 1)) + 1, offset + 3);
  return /^\s*```/.test(line) && at >= tokens.list.length - 3 ? { message: FENCED } : undefined;
};

/** Only an object: a list is an expression of the language as well. */
const data: Rule = ({ tokens: { source } }) => {
  if (source.length > MAX_DATA || !source.trimStart().startsWith('{')) return undefined;
  try {
    JSON.parse(source);
  } catch {
    return undefined;
  }
  return { message: DATA, offset: source.length - source.trimStart().length };
};

const modules: Rule = ({ tokens, at, isTyped }) => {
  // What takes the types off has said so, and how to write a type of another file.
  if (isTyped) return undefined;
  for (let i = at; i >= Math.max(0, at - 1); i--) {
    const token = tokens.at(i);
    if (token?.kind !== 'keyword' || tokens.at(i - 1)?.text === '.') continue;
    if (token.text === 'import' && tokens.at(i + 1)?.text !== '(') {
      return { message: NOT_IMPORTED, offset: token.start };
    }
    if (token.text === 'export') {
      const message =
        '`export` works only at the top level of a module, outside of all functions and blocks; in the body of a function, `return` the value';
      return { message, offset: token.start };
    }
  }
  return undefined;
};

/** The parser takes `await` for a name where no async function is around it, and stumbles over what is waited for. */
const awaits: Rule = ({ tokens, at }) => {
  const token = [tokens.at(at - 1), tokens.at(at)].find((one) => one?.text === 'await' && one.kind === 'name');
  if (token === undefined) return undefined;
  const message = '`await` needs an async function: write `async` before the function that it stands in';
  return { message, offset: token.start };
};

const jsx: Rule = ({ tokens, at }) => {
  const token = tokens.at(at);
  if (token?.text !== '<' || !/^<(?:[A-Za-z][\w.]*[\s/>]|>)/.test(tokens.source.slice(token.start))) return undefined;
  return { message: 'JSX is not JavaScript: return data, and have the application make elements of it' };
};

const types: Rule = ({ tokens, at, isTyped }) => {
  if (isTyped) return undefined;
  const token = tokens.at(at);
  const before = tokens.at(at - 1);
  const word = [token, before].find((one) => one?.kind === 'name' && TYPE_WORDS.has(one.text));
  const isAnnotation = token?.text === ':' && before !== undefined && isNameOrBracket(before);
  const isBang = token?.text === '!' && before !== undefined && isNameOrBracket(before);
  const isEnum = token?.text === 'enum' || before?.text === 'enum';
  if (word === undefined && !isAnnotation && !isBang && !isEnum) return undefined;
  const message =
    'this looks like TypeScript; types are taken off in a file whose name ends in .ts: give the option filename, or write it without types';
  return { message, offset: (word ?? token ?? before)?.start ?? 0 };
};

/** Three words in a row, of which the first is no keyword, begin no program. */
const prose: Rule = ({ tokens, at }) => {
  const words = [tokens.at(0), tokens.at(1), tokens.at(2)];
  const isProse = at <= 2 && words.every((word) => word?.kind === 'name' || word?.kind === 'keyword');
  if (!isProse || words[0]?.kind !== 'name') return undefined;
  return { message: 'the source begins with words that are no program: pass the code alone', offset: words[0].start };
};

/** What is open where the parser stumbles: an end that fits nothing, or the end of the source. */
const brackets: Rule = ({ tokens, at, lines, offset }) => {
  const open: Token[] = [];
  for (let i = 0; i < Math.min(at, tokens.list.length); i++) {
    const token = tokens.at(i) as Token;
    if (token.kind !== 'mark') continue;
    if (token.text === '`' && open.at(-1)?.text === '`') open.pop();
    else if (OPENS.has(token.text)) open.push(token);
    else if (CLOSES[token.text] !== undefined && open.pop() === undefined) {
      const message = `this "${token.text}" closes nothing: a "${CLOSES[token.text]}" is missing before it, or it is one too many`;
      return { message, offset: token.start };
    }
  }
  const last = open.at(-1);
  const token = tokens.at(at);
  const isAtEnd = tokens.source.slice(offset).trim() === '';
  if (last === undefined) {
    const ends = tokens.list.at(-1);
    if (isAtEnd && ends !== undefined)
      return { message: 'the source ends in the middle of a statement', offset: ends.start };
    return undefined;
  }
  const closer = CLOSER[last.text] as string;
  if (isAtEnd) return neverClosed(last);
  if (token?.kind !== 'mark' || CLOSES[token.text] === undefined || token.text === closer) return undefined;
  const { line, column } = lines.locationAt(last.start);
  return { message: `"${last.text}" of line ${line}, column ${column} is not closed before this "${token.text}"` };
};

const RULES: readonly Rule[] = [closingFence, data, modules, awaits, jsx, types, prose, brackets];

function isNameOrBracket({ kind, text }: Token): boolean {
  return kind === 'name' || text === ')' || text === '}' || text === ']' || text === '?';
}

function neverClosed({ text, start }: Token): Help {
  return { message: `this "${text}" is never closed: a "${CLOSER[text]}" is missing`, offset: start };
}

/** The last bracket that a source leaves open. */
export function findOpenBracket(lines: SourceLines): SyntaxHelp | undefined {
  const tokens = Tokens.upToError(lines.source);
  const open = tokens?.list.findLast(
    ({ text, kind }, index) => kind === 'mark' && OPENS.has(text) && tokens.partner(index) === undefined,
  );
  return open && { message: neverClosed(open).message, location: lines.locationAt(open.start) };
}

/** Where a "}" stands that closes the function around the handler. */
export function surplusBrace(lines: SourceLines): SourceLocation | undefined {
  let depth = 0;
  for (const { text, kind, start } of Tokens.upToError(lines.source)?.list ?? []) {
    if (kind !== 'mark') continue;
    if (text === '{' || text === '${') depth++;
    if (text === '}' && --depth < 0) return lines.locationAt(start);
  }
  return undefined;
}
