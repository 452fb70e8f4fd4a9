import type { RewrittenHandler } from './form.js';
import { ADDED_PLACE } from './rewriting.js';

/** How the function begins that is around a function or a module. */
const HEAD = /^\(function\([^)]*\)\{(?:"use strict";)?/;

/** The same with declarations in the outermost function, where the author's may hide them. */
export function withPrologue(form: RewrittenHandler, prologue: string): RewrittenHandler {
  const [first, ...rest] = form.pieces;
  const head = first === undefined ? null : HEAD.exec(first.text);
  if (first === undefined || head === null) return form;
  const [begin] = head;
  const added = { text: `${begin}${prologue}\n`, original: ADDED_PLACE, isCopy: false };
  const pieces = [added, { ...first, text: first.text.slice(begin.length) }, ...rest];
  return { ...form, text: pieces.map(({ text }) => text).join(''), pieces };
}
