import { LRUCache } from 'lru-cache';

import { type AcornToken, isAcornError, parseModule, parseScript } from '../parse-script.js';
import { fileHeaderShift } from '../source-text.js';
import { isTypeScript, stripTypes } from '../typescript/strip-types.js';
import { blankWrapper, PREFIX_LENGTH, wrapHandler } from '../wrapper.js';

/** A longer text was not written by a model. */
const MAX_CHARACTERS = 256 * 1024;
/** Bounds on the parsers, which work in the calling thread. */
const MAX_NAMES = 4_000;
const MAX_CALLS = 5_000_000;
/** Each part ends where the next one begins, so that nothing is tried twice. */
const FENCE = /^[ \t]*(`{3,}(?!`)|~{3,}(?!~))[ \t]*(?![ \t])([^\s`]*)(?!\S)[^`\n\r]*$/;
/** A longer line is no fence. */
const MAX_LINE = 200;
const CODE = /^(?:[cm]?[jt]sx?|javascript|typescript|node|ecmascript)$/i;
const NOT_BLANK = /[^\n\r\u2028\u2029]/g;

/** Texts that have a fence, with what was made of them: the same handler is executed again and again. */
const knownTexts = () =>
  new LRUCache<string, string>({
    maxSize: 2 * 1024 * 1024,
    sizeCalculation: (text, source) => text.length + source.length + 1,
  });
/** What is a program in TypeScript need not be one in JavaScript. */
const known = { javaScript: knownTexts(), typeScript: knownTexts() };

interface Fenced {
  /** Where the fence begins. */
  readonly at: number;
  readonly language: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The code in a text of a language model, at its place: all that stands outside of the first fence with code is replaced by blanks.
 *
 * @param filename of a TypeScript file, if it is one
 * @returns the text itself if it has no fence, or parses with what looks like one
 */
export function codeOfModel(source: string, filename: string): string {
  if (source.length > MAX_CHARACTERS || !(source.includes('```') || source.includes('~~~'))) return source;
  const texts = isTypeScript(filename) ? known.typeScript : known.javaScript;
  const found = texts.get(source);
  if (found !== undefined) return found;
  const text = withoutFence(source, filename);
  texts.set(source, text);
  return text;
}

function withoutFence(source: string, filename: string): string {
  const fenced = fencedParts(source);
  const code =
    fenced.find(({ language }) => CODE.test(language)) ?? fenced.find(({ language }) => language === '') ?? fenced[0];
  if (code === undefined) return source;
  const startsWithFence = fenceIn(source.trimStart().split(/[\n\r]/, 1)[0] as string) !== null;
  if (!startsWithFence && holds(source, code, filename)) return source;
  const blank = (text: string) => text.replaceAll(NOT_BLANK, ' ');
  return blank(source.slice(0, code.start)) + source.slice(code.start, code.end) + blank(source.slice(code.end));
}

/** @param line with or without its end */
function fenceIn(line: string): RegExpExecArray | null {
  return line.length > MAX_LINE ? null : FENCE.exec(line.replace(/(?:\r\n|[\n\r])$/, ''));
}

/** One that is never closed goes to the end of the text, as where a model was stopped. */
function fencedParts(source: string): Fenced[] {
  const parts: Fenced[] = [];
  let open: (Omit<Fenced, 'end'> & { readonly mark: string }) | undefined;
  for (const { 0: line, index } of source.matchAll(/[^\n\r]*(?:\r\n|[\n\r]|$)/g)) {
    const [, mark = '', language = ''] = fenceIn(line) ?? [];
    if (mark === '') continue;
    if (open === undefined) open = { at: index + line.indexOf(mark), mark, language, start: index + line.length };
    else if (language === '' && mark.startsWith(open.mark)) {
      parts.push({ ...open, end: index });
      open = undefined;
    }
  }
  if (open !== undefined) parts.push({ ...open, end: source.length });
  return parts;
}

/** Whether the text is a program in which the fence is part of a text or a comment: no token begins with it. */
function holds(source: string, { at }: Fenced, filename: string): boolean {
  const place = at + PREFIX_LENGTH - fileHeaderShift(source);
  return [parseScript, parseModule].some((parse, index) => {
    const script = index === 0 ? wrapHandler(source) : blankWrapper(source);
    const stripped = isTypeScript(filename) ? stripTypes(script, MAX_CALLS, index === 1) : undefined;
    if (stripped?.ok === false) return false;
    const tokens: AcornToken[] = [];
    try {
      parse(stripped?.script ?? script, MAX_NAMES, tokens);
    } catch (error) {
      if (error instanceof RangeError) return false;
      if (!isAcornError(error)) throw error;
      // A program with a fault behind the fence is one, too: the compiler tells of the fault.
      if (error.pos <= place) return false;
    }
    return tokens.every(({ start }) => start !== place);
  });
}
