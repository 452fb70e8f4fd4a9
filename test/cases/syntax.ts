import type { Case } from './case.js';

const syntax = (message: string, line: number, column?: number) => ({
  code: 'COMPILATION_ERROR',
  message: `SyntaxError: ${message}`,
  line,
  ...(column !== undefined && { column }),
  with: { name: 'SyntaxError', snippet: containing('^') },
});

const AWAIT = '`await` needs an async function: write `async` before the function that it stands in';
const IMPORT =
  'only a module, with `export default`, imports, and only what the option modules of the runtime allows; libraries are $lib.<name> as well, what the application offers is $ext.<name>.<method>(…)';
const EXPORT =
  '`export` works only at the top level of a module, outside of all functions and blocks; in the body of a function, `return` the value';
const TYPES =
  'this looks like TypeScript; types are taken off in a file whose name ends in .ts: give the option filename, or write it without types';
const FENCE = 'the source is in a Markdown fence; pass what stands between the fences alone';
const JSX = 'JSX is not JavaScript: return data, and have the application make elements of it';

/** What does not parse, and what the author is told to do. */
export const SYNTAX: readonly Case[] = [
  {
    name: 'await in a callback that is not async',
    source: '\n[1].forEach((x) => { await x; });',
    error: syntax(AWAIT, 2, 22),
  },
  {
    name: 'await in the expression of an arrow function',
    source: '\nreturn [1].map((x) => await f(x));',
    error: syntax(AWAIT, 2, 23),
  },
  {
    name: 'await in a method',
    source: 'const o = {\n  m() {\n    const v = await f();\n  },\n};',
    error: syntax(AWAIT, 3, 15),
  },
  {
    name: 'a brace that is never closed',
    source: 'const a = 1;\nif (a) {\n  return a;\n',
    error: syntax('this "{" is never closed: a "}" is missing', 2, 8),
  },
  {
    name: 'a bracket that is never closed',
    source: '\nreturn Math.max(1, [2, 3]',
    error: syntax('this "(" is never closed: a ")" is missing', 2, 16),
  },
  {
    name: 'a bracket that is closed by another one',
    source: 'const a = [1,\n  2);',
    error: syntax('"[" of line 1, column 11 is not closed before this ")"', 2, 4),
  },
  {
    name: 'the end of the source in an expression',
    source: 'const a = 1;\nreturn a +\n\n',
    error: syntax('the source ends in the middle of a statement', 2, 10),
  },
  { name: 'import', source: "import _ from 'lodash';\nreturn 1", error: syntax(IMPORT, 1, 1) },
  { name: 'import of names', source: "\nimport { a, b } from 'x';", error: syntax(IMPORT, 2, 1) },
  { name: 'export in a block', source: '\n{ export const a = 1; }', error: syntax(EXPORT, 2, 3) },
  { name: 'a type of a variable', source: '\nconst a: number = 1;', error: syntax(TYPES, 2) },
  { name: 'a type of a parameter', source: '\nfunction f(a: string) {}', error: syntax(TYPES, 2) },
  { name: 'an interface', source: '\ninterface A { b: string }', error: syntax(TYPES, 2, 1) },
  { name: 'a type alias', source: '\ntype A = string;', error: syntax(TYPES, 2, 1) },
  { name: 'as', source: '\nreturn $args as string', error: syntax(TYPES, 2) },
  { name: 'a Markdown fence', source: '```js\nreturn 1\n```', error: syntax(FENCE, 1, 1) },
  { name: 'the end of a Markdown fence', source: 'return 1\n```\n', error: syntax(FENCE, 2) },
  { name: 'JSX', source: '\nreturn <div className="a">x</div>', error: syntax(JSX, 2, 8) },
  {
    name: 'a brace too many',
    source: 'if (true) {\n}\n}\nreturn 1',
    error: syntax('this "}" closes nothing: a "{" is missing before it, or it is one too many', 3, 1),
  },
];

function containing(part: string): string {
  return { asymmetricMatch: (text: unknown) => typeof text === 'string' && text.includes(part) } as unknown as string;
}
