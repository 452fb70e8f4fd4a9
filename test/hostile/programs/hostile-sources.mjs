import { escapesWrapper, failure, rejection, success, syntaxError, thrown } from '../lib/outcomes.mjs';
import { asArtifact, asSource, ONCE } from '../lib/ways.mjs';

export const title = 'sources';
export const ways = [asSource, asArtifact];

function source(text, expect, name = JSON.stringify(text)) {
  return { name, source: text, expect };
}

const SYNTAX = syntaxError(/^SyntaxError: ./);
const EMPTY = failure('INVALID_HANDLER', { message: /is empty/, context: (it) => typeof it.expected === 'string' });

/** What would be one script of several statements, or another expression, with the wrapper around it. */
const CLOSED_EARLY = [
  '})(); (function () {',
  '}); globalThis.steal = 1; (async function () {',
  '}), (async function () {',
  '}, async function () {',
  '}, {',
  '}, {}, {',
  '}.call(globalThis), {',
  '}(), class { static { globalThis.steal = 1 }',
  '} || {',
  '} && function () {',
  '} ? {} : {',
  '} in {',
  '} instanceof class {',
  '} + function () {',
  '}\n, () => {',
  '}) (async function () { return 2',
  '}); throw new Error("outside"); (async () => {',
  '}); for (;;); (async () => {',
  '}); let x = 1; ({',
  '});\n({',
  '});{(',
  'return 1 }); var await = 1; (function () {',
  '/* }) */ }) /* ( */; (() => {',
].map((text) => source(text, [escapesWrapper(), SYNTAX]));

const UNBALANCED = [
  '}',
  '{',
  '(',
  ')',
  '];',
  '}});',
  '}}{{',
  '});//',
  '})\n//',
  '})/*',
  '}/*',
  '\u2028})\u2028',
  'return ((((',
  '${',
  '}`',
  'return 1; }  function f() {',
  'function f() {} return f()}',
  '})<!--',
].map((text) => source(text, SYNTAX));

const LEFT_OPEN = [
  '`',
  '`${',
  '`${`',
  '/*',
  '"',
  "'",
  '"\\',
  '/',
  '/[',
  'return 1 /* })',
  'return `})',
  'return /})',
  'return "})',
].map((text) => source(text, SYNTAX));

const HARMLESS = [
  ['// })', undefined],
  ['/* }) */ return 1', 1],
  ['return "})"', '})'],
  ['return `})${"})"}`', '})})'],
  ['return /[})]/.source', '[})]'],
  ['return /[/}]/.test("}")', true],
  ['return 1 // no line break', 1],
  ['return 1 /* comment */', 1],
  ['return `a${`b${1}`}`', 'ab1'],
  ['return /a/', (value) => String(value) === '/a/'],
  ['return 1 //# sourceMappingURL=data:x', 1],
  ['//', undefined],
  [';', undefined],
  ['<!-- a comment of old', undefined],
  ['return 1 <!-- as well', 1],
  ['let x = 1\n--> and this\nreturn x', 1],
  ['return\n1', undefined],
  ['return\u20281', undefined],
  ['return "\u2028".length', 1],
  ['#!/usr/bin/env node\nreturn 1', 1],
  ['\ufeffreturn 1', 1],
  ['\ufeff#!shebang })\nreturn 1', 1],
  ['return "\0".length', 1],
  ['return "\\ud800".length', 1],
  ['"use strict"; return this === undefined', true],
  ['return this === globalThis', true],
  ['var async = 1, of = 2, get = 3, yield_ = 4; return async + of + get', 6],
  ['yield = 1; return yield', 1],
  ['const \u{20000}\u0061 = 1; return \u{20000}a', 1],
  ['const \\u0061b = 1; return ab', 1],
  ['function f() {} function f() { return 2 } return f()', 2],
  ['return typeof hoisted; function hoisted() {}', 'function'],
  ['arguments = 1; return arguments', 1],
  ['for await (const x of []) {} return 2', 2],
].map(([text, value]) => ({
  ...source(text, success(value)),
}));

const NOT_IN_A_FUNCTION = [
  'import "fs"',
  'import fs from "fs"',
  'import { a } from "fs"; return a',
  'if (true) { export default 1 }',
  'return import.meta',
  'return import.meta.url',
  'return super.x',
  'super()',
  'break',
  'continue',
  'const await = 1',
  'await: 1',
  '"use strict"; with ({}) {}',
  '"use strict"; let yield',
  'let a; let a',
  'let let = 1',
  '@decorated class A {}',
  '\\u0072eturn 1',
  'return 1\0',
  '\0',
  '\u200b',
  '\n#!late',
  'return 0b2',
  'return "\\u{110000}"',
  'return /(?/',
  'return /a/gg',
  'return /(?<n>a)(?<n>b)/',
  'return async () => await',
  '--> at the start',
].map((text) => source(text, SYNTAX));

const NO_COMPILER = thrown(/TypeError: eval is not supported/);
const EVALUATED = [
  'return eval("1")',
  'return (0, eval)("1")',
  'return globalThis.eval("1")',
  'return eval?.("1")',
  'return Reflect.apply(eval, null, ["1"])',
  'return ["1"].map(eval)',
  'return Function("return 1")()',
  'return new Function("a", "return a")(1)',
  'return Reflect.construct(Function, ["return 1"])()',
  'return [].constructor.constructor("return 1")()',
  'return (async () => {}).constructor("return 1")()',
  'return (function* () {}).constructor("yield 1")()',
  'return (async function* () {}).constructor("yield 1")()',
  'return class extends Function {}.__proto__("return 1")()',
  'class F extends Function {} return new F("return 1")()',
  'return $emit.constructor("return this")()',
  'return Function.prototype.constructor("})(); (function () {")()',
].map((text) => source(text, NO_COMPILER));

const IMPORTED = [
  'fs',
  'node:fs',
  './handler.js',
  'https://example.org/x.js',
  'data:text/javascript,1',
  '',
  'nexus:prelude',
  'std',
  'os',
].map((name) =>
  source(`return import(${JSON.stringify(name)})`, thrown(/^(ReferenceError|TypeError|SyntaxError|Error): /)),
);
IMPORTED.push(
  source('return import({ toString() { throw new Error("mine") } })', thrown('Error: mine')),
  source('return import("fs").catch((error) => typeof error.message)', success('string')),
);

const NO_TEXT = [
  source('', EMPTY),
  source(' \t\n\u00a0\u2028\ufeff', EMPTY),
  source(
    'return "\ud800"',
    failure('INVALID_HANDLER', { message: /lone surrogate at index 8/, context: { index: 8 } }),
  ),
  source('// \udfff', failure('INVALID_HANDLER', { message: /lone surrogate at index 3/, context: { index: 3 } })),
  ...[
    undefined,
    null,
    1,
    {},
    [],
    Buffer.from('return 1'),
    { toString: () => 'return 1' },
    Object('return 1'),
    () => 1,
  ].map((value) =>
    source(
      value,
      rejection('INVALID_ARGUMENT', /must be a string/),
      `no string: ${Object.prototype.toString.call(value)} ${typeof value}`,
    ),
  ),
];
for (const program of NO_TEXT.slice(4)) program.ways = ONCE;

const FILENAMES = ['', 'a\nb', 'a b\tc', 'nexus:prelude', null, 5, {}].map((filename) => ({
  ...source(
    'return 1',
    rejection('INVALID_ARGUMENT', /filename is/),
    `a file name that is ${JSON.stringify(filename)}`,
  ),
  options: { filename },
  ways: ONCE,
}));
FILENAMES.push(
  ...['__proto__', '../../etc/passwd', '$&', '.*', '%s', 'a:1:1', 'a)', '(', 'ünï', 'constructor'].map((filename) => ({
    ...source(
      '\nthrow new Error("x")',
      thrown('Error: x', { line: 2 }),
      `an error in the file ${JSON.stringify(filename)}`,
    ),
    options: { filename },
  })),
);

export const programs = [
  CLOSED_EARLY,
  UNBALANCED,
  LEFT_OPEN,
  HARMLESS,
  NOT_IN_A_FUNCTION,
  EVALUATED,
  IMPORTED,
  NO_TEXT,
  FILENAMES,
].flat();
