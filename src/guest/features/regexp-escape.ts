import type { FeatureHost } from './feature.js';

const SYNTAX = /[\^$\\.*+?()[\]{}|/]/;
const CONTROL = new Map([
  ['\t', 't'],
  ['\n', 'n'],
  ['\v', 'v'],
  ['\f', 'f'],
  ['\r', 'r'],
]);
/** Punctuators that may have a meaning next to others, white space, line terminators and lone surrogates. */
const BY_CODE = /[-,=<>#&!%:;@~'`"\s\ud800-\udfff]/;
const FIRST = /[0-9A-Za-z]/;

/** https://tc39.es/ecma262/#sec-regexp.escape, as a method, because it must not be a constructor. */
const methods = {
  escape(text: unknown): string {
    if (typeof text !== 'string') throw new TypeError('the text to be escaped is not a string');
    let escaped = '';
    for (const character of text) {
      if (escaped === '' && FIRST.test(character)) escaped += `\\x${character.charCodeAt(0).toString(16)}`;
      else escaped += escapeOne(character);
    }
    return escaped;
  },
};

function escapeOne(character: string): string {
  if (SYNTAX.test(character)) return `\\${character}`;
  const control = CONTROL.get(character);
  if (control !== undefined) return `\\${control}`;
  if (character.length > 1 || !BY_CODE.test(character)) return character;
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}

export default function install(host: FeatureHost): void {
  host.define('RegExp.escape', methods.escape);
}
