import { afterAll, describe, expect, it } from 'vitest';
import { type Files, LinkerCases } from './cases.js';

const cases = await LinkerCases.create({});
afterAll(() => cases[Symbol.asyncDispose]());

describe('an import of own files', () => {
  it.each<[string, string, Files, unknown]>([
    ['a path with its ending', `import { a } from './a.js'; export default a`, { 'a.js': 'export const a = 1' }, 1],
    ['.js for .ts', `import { a } from './a.js'; export default a`, { 'a.ts': 'export const a: number = 1' }, 1],
    ['.mjs for .mts', `import { a } from './a.mjs'; export default a`, { 'a.mts': 'export const a: number = 1' }, 1],
    [
      '.js before .ts',
      `import { a } from './a.js'; export default a`,
      { 'a.js': 'export const a = 1', 'a.ts': 'export const a = 2' },
      1,
    ],
    ['no ending', `import { a } from './a'; export default a`, { 'a.ts': 'export const a = 1' }, 1],
    ['a folder', `import { a } from './lib'; export default a`, { 'lib/index.ts': 'export const a = 1' }, 1],
    [
      'a folder, with a slash',
      `import { a } from './lib/'; export default a`,
      { 'lib/index.js': 'export const a = 1' },
      1,
    ],
    [
      'a file before a folder of that name',
      `import { a } from './lib'; export default a`,
      { 'lib/index.js': 'export const a = 2', 'lib.js': 'export const a = 1' },
      1,
    ],
    ['.', `import { a } from '.'; export default a`, { 'index.js': 'export const a = 1' }, 1],
    [
      '..',
      `import { a } from './lib/b.js'; export default a`,
      { 'lib/b.js': `export { a } from '..'`, 'index.js': 'export const a = 1' },
      1,
    ],
    [
      'JSON',
      `import data, { list } from './data.json'; export default [data.name, list]`,
      { 'data.json': { name: 'x', list: [1] } },
      ['x', [1]],
    ],
    [
      'JSON with its attribute',
      `import data from './data.json' with { type: 'json' }; export default data`,
      { 'data.json': [1, 2] },
      [1, 2],
    ],
    ['CommonJS', `import a from './a.cjs'; export default a.x`, { 'a.cjs': 'exports.x = 1' }, 1],
    [
      'a name with blanks and letters',
      `import { a } from './ä b#c?d.js'; export default a`,
      { 'ä b#c?d.js': 'export const a = 1' },
      1,
    ],
    [
      'names of the prototype',
      `import { a } from './constructor/__proto__.js'; export default a`,
      { 'constructor/__proto__.js': 'export const a = 1' },
      1,
    ],
    [
      'a default',
      `import a from './a.js'; export default a()`,
      { 'a.js': 'export default function () { return 1 }' },
      1,
    ],
    [
      'a class that mentions itself',
      `import { Wrong } from './a.js'; class Own { static of() { return new Own() } } export default [Wrong.of().name, Own.of().constructor.name]`,
      {
        'a.js':
          'export class Wrong extends Error { static of() { return new Wrong() } constructor() { super(); this.name = new.target.name } }',
      },
      ['Wrong', 'Own'],
    ],
    [
      'a namespace',
      `import * as ns from './a.js'; export default [Object.keys(ns), ns.default]`,
      { 'a.js': 'export const b = 1, a = 2; export default 3' },
      [['a', 'b', 'default'], 3],
    ],
    [
      'everything again',
      `import { a, b } from './a.js'; export default [a, b]`,
      { 'a.js': `export * from './b.js'; export const a = 1`, 'b.js': 'export const a = 3, b = 2' },
      [1, 2],
    ],
    [
      'a namespace again',
      `import { ns } from './a.js'; export default ns.b`,
      { 'a.js': `export * as ns from './b.js'`, 'b.js': 'export const b = 2' },
      2,
    ],
    [
      'a name that is text',
      `import { 'a b' as a } from './a.js'; export default a`,
      { 'a.js': `const x = 1; export { x as 'a b' }` },
      1,
    ],
    [
      'once, for its effects',
      `import './a.js'; import './b.js'; export default globalThis.seen`,
      { 'a.js': `import './c.js'`, 'b.js': `import './c.js'`, 'c.js': `globalThis.seen = (globalThis.seen ?? 0) + 1` },
      1,
    ],
    [
      'in the order of the language',
      `import './a.js'; import './b.js'; export default globalThis.seen`,
      {
        'a.js': `import './c.js'; globalThis.seen += 'a'`,
        'b.js': `globalThis.seen += 'b'`,
        'c.js': `globalThis.seen = 'c'`,
      },
      'cab',
    ],
    [
      'live bindings',
      `import { n, raise } from './a.js'; const before = n; raise(); export default [before, n]`,
      { 'a.js': 'export let n = 1; export function raise() { n++ }' },
      [1, 2],
    ],
    [
      'a cycle of functions',
      `import { even } from './even.js'; export default [even(10), even(7)]`,
      {
        'even.js': `import { odd } from './odd.js'; export const even = (n) => n === 0 || odd(n - 1)`,
        'odd.js': `import { even } from './even.js'; export const odd = (n) => n !== 0 && even(n - 1)`,
      },
      [true, false],
    ],
    [
      'top-level await',
      `import { a } from './a.js'; export default [a, await 2]`,
      { 'a.js': 'export const a = await Promise.resolve(1)' },
      [1, 2],
    ],
    [
      'import()',
      `export default async () => { const { a } = await import('./a.js'); return a }`,
      { 'a.js': 'export const a = 1' },
      1,
    ],
    [
      'import() of JSON',
      `export default async () => (await import('./a.json')).default`,
      { 'a.json': { a: 1 } },
      { a: 1 },
    ],
    [
      'import() with a template',
      'export default async () => (await import(`./a.js`)).a',
      { 'a.js': 'export const a = 1' },
      1,
    ],
    ['the function form again', `export { default } from './a.js'`, { 'a.js': 'export default (args) => args.n' }, 2],
    [
      'enum, namespace, types',
      `import { E, type T, N } from './a.ts'; import type { U } from './types.ts'; const t: T & U = 1; export default [E.B, N.x, t]`,
      {
        'a.ts': 'export enum E { A, B } export type T = number; export namespace N { export const x = 5 }',
        'types.ts': 'export type U = number',
      },
      [1, 5, 1],
    ],
    [
      'require in CommonJS',
      `import a from './a.cjs'; export default a`,
      {
        'a.cjs': `module.exports = [require('./b.cjs').b, require('./c.json')]`,
        'b.cjs': 'exports.b = 1',
        'c.json': { c: 2 },
      },
      [1, { c: 2 }],
    ],
    [
      'strings that hold the markers of our output',
      `import { a } from './a.js'; export default [a, "import x from 'y'", \`\${a}\`]`,
      { 'a.js': `export const a = "// own:a.js\\nexport { x as default }; import 'nexus:library/x'"` },
      [
        `// own:a.js\nexport { x as default }; import 'nexus:library/x'`,
        "import x from 'y'",
        `// own:a.js\nexport { x as default }; import 'nexus:library/x'`,
      ],
    ],
  ])('%s', async (_what, code, files, expected) => {
    const isTyped = Object.keys(files).includes('types.ts');
    expect(await cases.value(code, files, isTyped ? { filename: 'handler.ts' } : {})).toEqual(expected);
  });

  it('a function of a cycle may be called before its file has run, and a value is not there yet', async () => {
    const code = `import { f } from './a.js'; export default f()`;
    const files = {
      'a.js': `import { b, early } from './b.js'; export function f() { return [b, early] }`,
      'b.js': `import { f } from './a.js'; export const early = typeof f; export const b = 2`,
    };
    expect(await cases.value(code, files)).toEqual([2, 'function']);
  });

  it('an import of itself is that module', async () => {
    const code = `import * as self from './handler.js'; export const a = 1; export default () => Object.keys(self)`;
    expect(await cases.value(code)).toEqual(['a', 'default']);
  });

  it.each([
    [undefined, 1],
    ['default', 1],
    ['twice', 4],
    ['list', [2]],
    ['other', 'b'],
    ['any name', 'b'],
  ])('entry %s of a module that exports what it imports', async (entry, expected) => {
    const code = `export { one as default, twice, b as 'any name' } from './a.js'; export * from './b.js'; import { b } from './a.js'; export { b as other };`;
    const files = {
      'a.js': `export const one = 1, twice = (args) => args.n * 2, b = 'b'`,
      'b.js': `export function list(args) { return [args.n] }`,
    };
    expect(await cases.value(code, files, entry === undefined ? {} : { entry })).toEqual(expected);
  });

  it('an entry that does not exist lists those there are', async () => {
    const result = await cases
      .execute(
        `export { a } from './a.js'; export * from './b.js'; export default 1`,
        { 'a.js': 'export const a = 1', 'b.js': 'export const b = 2' },
        { entry: 'c' },
      )
      .catch((error) => ({ error }));
    expect(result.error?.message).toMatch(/\ba\b.*\bb\b.*default|default.*\ba\b.*\bb\b/);
  });

  it('a handler and the file that it is may have one name', async () => {
    const files = { 'handler.js': 'export default 2', 'a.js': `export { default as b } from './handler.js'` };
    // What is executed counts, and not what lies there.
    expect(await cases.value(`import { b } from './a.js'; export default () => typeof b`, files)).toBe('function');
  });
});
