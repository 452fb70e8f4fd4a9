import { expect } from 'vitest';

import type { Case } from './case.js';

/** What the engine, parsers and editors count differently. */
const BEFORE: Readonly<Record<string, string>> = {
  'a picture in a text': "const s = '😀'; ",
  'pictures in a template': 'const s = `😀 ${1} 😀`; ',
  'an astral name': 'const 𝒳 = 1; ',
  'combining characters': "const e = 'e\u0301\u0302'; ",
  tabs: '\t\t',
  'letters of two and three bytes': "const é = '漢字'; ",
  'a picture in a comment': '/* 👩\u200d💻 */ ',
  'a line separator in a text': "const s = 'a\u2028b'; ",
  'a paragraph separator in a template': 'const s = `a\u2029b`; ',
  'a line separator in a comment': '/* \u2028 */ ',
  'a line separator between statements': 'let a = 1;\u2028',
};
const TYPED: Readonly<Record<string, string>> = {
  'a type with a picture': "const s: '😀' | 's' = 's'; ",
  'a type with a line separator': "const s: 'a\u2028b' | 's' = 's'; ",
  'a type with long letters': "const s: '漢字' | 's' = 's'; ",
  'a type and a picture': "const s: '😀' | string = '😀'; ",
};
const ENDS: Readonly<Record<string, string>> = { LF: '\n', 'CR LF': '\r\n', CR: '\r' };
const LINE_BEFORE = "{ /* \u2028 */ '😀\u2029'; }";

const CALL = 'user.profile.getName()';
const snippet = expect.stringMatching(/^1 \| .*\n2 \| .*\n3 \| .*\n {2}\| [ \t]*\^$/su);

const failing = (what: string, before: string, ends: string, filename: string): Case => ({
  name: `${filename}: ${what}, and lines that end with ${ends}`,
  filename,
  source: [`const user = { profile: {} };`, LINE_BEFORE, before + CALL].join(ENDS[ends]),
  error: {
    message: 'TypeError: user.profile.getName is not a function',
    line: 3,
    column: before.length + CALL.indexOf('(') + 1,
    with: { snippet, stack: expect.stringContaining(`(${filename}:3:${before.length + CALL.indexOf('(') + 1})`) },
  },
});

const NUMBER = 'let 1x';
const unreadable = (what: string, before: string, ends: string): Case => ({
  name: `what does not parse behind ${what}, and lines that end with ${ends}`,
  source: ['const user = 1;', LINE_BEFORE, before + NUMBER].join(ENDS[ends]),
  error: {
    code: 'COMPILATION_ERROR',
    message: 'SyntaxError: invalid number literal',
    line: 3,
    column: before.length + NUMBER.indexOf('1') + 1,
    with: { snippet },
  },
});

/** An error is on the third line, at the right column, whatever is written before it. */
export const PLACES: readonly Case[] = Object.keys(ENDS).flatMap((ends) => [
  ...Object.entries(BEFORE).map(([what, before]) => failing(what, before, ends, 'handler.js')),
  ...Object.entries({ ...BEFORE, ...TYPED }).map(([what, before]) => failing(what, before, ends, 'handler.ts')),
  ...Object.entries(BEFORE).map(([what, before]) => unreadable(what, before, ends)),
]);
