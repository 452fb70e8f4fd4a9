import { neutraliseFileHeader } from '../source-text.js';

/** Part of the key of each source that {@link mayBeAnotherForm}: raise it whenever such a source would be compiled differently. */
export const FORMS_VERSION = 3;

/** At the start of a statement. A keyword is never written with escapes. */
const WORD = /export(?=[\s{*/])/;
const EXPORT = /(?:^|[\s;}/)])export(?=[\s{*/])/;
/** A function, or what may stand before the only one: an empty statement, and types, which are gone when the parser looks. */
const OPENING = /[(<;]|(?:async|function|type|interface|declare)(?![\p{ID_Continue}$\\]|\u200c|\u200d)/uy;
/** Directives may stand before the only function. */
const DIRECTIVE = /(?:"[^"\n\r]{0,100}"|'[^'\n\r]{0,100}')/uy;
/** With escapes, which the parser reads. */
const NAME = /[\p{ID_Start}$_\\](?:[\p{ID_Continue}$\\{}]|\u200c|\u200d)*/uy;
const BLANK = /\s/;
/** Behind more white space and comments than this, the parser looks. */
const MAX_BLANKS = 64 * 1024;

/**
 * Whether a source could be a function or a module: cheap, never false for one that is, and false for most bodies, so that they
 * need no parser.
 */
export function mayBeAnotherForm(source: string): boolean {
  return mayBeModule(source) || mayBeFunction(source);
}

export function mayBeModule(source: string): boolean {
  // perf: the first takes 1 ms for a megabyte, and the second several.
  return WORD.test(source) && EXPORT.test(source);
}

export function mayBeFunction(source: string): boolean {
  const text = neutraliseFileHeader(source);
  let start = skipBlanks(text, 0);
  for (let end = matchAt(DIRECTIVE, text, start); end > start; end = matchAt(DIRECTIVE, text, start)) {
    start = skipBlanks(text, end);
    if (text[start] === ';') start = skipBlanks(text, start + 1);
  }
  if (start > MAX_BLANKS) return true;
  if (matchAt(OPENING, text, start) > start) return true;
  const end = matchAt(NAME, text, start);
  return end > start && text.startsWith('=>', skipBlanks(text, end));
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The first index that is neither white space nor in a comment. */
function skipBlanks(text: string, from: number): number {
  for (let at = from; ; ) {
    if (at > MAX_BLANKS) return at;
    if (at < text.length && BLANK.test(text[at] as string)) at++;
    else if (text.startsWith('//', at)) at = endOf(/[\n\r\u2028\u2029]/g, text, at);
    else if (text.startsWith('/*', at)) at = endOf(/\*\//g, text, at + 2);
    else return at;
  }
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : text.length;
}
