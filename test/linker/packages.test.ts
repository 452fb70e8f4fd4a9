import { afterAll, describe, expect, it } from 'vitest';
import { installed } from '../support/package-tree.js';
import { type Files, LinkerCases } from './cases.js';

const ESM = { type: 'module' };
const PACKAGES: Files = {
  ...installed(
    'counter',
    {
      'index.js':
        'export let n = 0; export function raise() { n++ } export default () => n; export const self = { n() { return this === undefined } }; export function loose() { "use strict"; return this }',
    },
    ESM,
  ),
  ...installed('common', {
    'index.js': `exports.one = 1; exports.f = function () { return this === undefined || this === globalThis }; exports['a b'] = 2; exports.default = 'own'; exports.Base = class { constructor(x) { this.x = x } }; exports.tag = (s, ...v) => s.raw.join('|') + v.join(); exports.makes = function () { this.made = 1 };`,
  }),
  ...installed('flagged', {
    'index.js': `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'd'; exports.named = 'n';`,
  }),
  ...installed('callable', {
    'index.js': `module.exports = function (x) { return x + 1 }; module.exports.extra = 'e';`,
  }),
  ...installed(
    'mapped',
    {
      'lib/main.js': 'export * from "#inner"',
      'lib/inner.js': 'export const inner = "i"',
      'lib/part.js': 'export const part = "p"',
      'lib/features/a.js': 'export default "fa"',
      'lib/node.js': 'export const inner = "for Node"',
      'private.js': '',
    },
    {
      ...ESM,
      exports: {
        '.': { node: './lib/node.js', browser: './lib/main.js' },
        './part': './lib/part.js',
        './features/*.js': './lib/features/*.js',
      },
      imports: { '#inner': './lib/inner.js' },
    },
  ),
  ...installed('@scope/name', { 'index.js': 'export const scoped = 1', 'deep/er.js': 'export const deeper = 2' }, ESM),
  ...installed(
    'folded',
    { 'index.js': `import { n, raise } from 'counter'; export { n, raise }; export const where = 'folded'` },
    ESM,
  ),
  ...installed('waits', { 'index.js': 'export const a = await Promise.resolve(1)' }, ESM),
};
const LISTED = ['counter', 'common', 'flagged', 'callable', 'mapped', '@scope/name', 'folded'];

/** Bound to the image, and as a part of the handler: both must do the same. */
describe.each([
  ['in the image', undefined],
  ['in the handler', []],
])('packages %s', async (_where, hoist) => {
  const cases = await LinkerCases.create(
    PACKAGES,
    { packages: [...LISTED, 'waits'], hoist: hoist ?? LISTED },
    { libraries: { plain: { source: 'exports.x = 1; exports.list = [1];' } } },
  );
  afterAll(() => cases[Symbol.asyncDispose]());

  it.each<[string, string, unknown]>([
    ['a default', `import d from 'callable'; export default d(1)`, 2],
    ['a name', `import { one } from 'common'; export default one`, 1],
    ['a name that is text', `import { 'a b' as x } from 'common'; export default x`, 2],
    ['a namespace', `import * as ns from 'mapped'; export default [Object.keys(ns), ns.inner]`, [['inner'], 'i']],
    ['a namespace of CommonJS', `import * as ns from 'callable'; export default [ns.default(1), ns.extra]`, [2, 'e']],
    ['the default of CommonJS', `import c from 'common'; export default [c.one, typeof c.f]`, [1, 'function']],
    ['effects', `import 'counter'; export default 1`, 1],
    ['nothing', `import {} from 'counter'; export default 1`, 1],
    ['default and names', `import d, { extra as e } from 'callable'; export default [d(1), e]`, [2, 'e']],
    ['default as a name', `import { default as d } from 'callable'; export default d(1)`, 2],
    [
      'the default of what was compiled from a module',
      `import d, { named } from 'flagged'; import * as ns from 'flagged'; export default [d, named, ns.default]`,
      [{ default: 'd', named: 'n' }, 'n', { default: 'd', named: 'n' }],
    ],
    [
      'names of functions and classes',
      `import { one as f } from 'common'; class f2 {} const k = class f2 { static n = f2.name }; { class f2 {} } export default [k.n, k.name, f]`,
      ['f2', 'f2', 1],
    ],
    [
      'a part',
      `import { part } from 'mapped/part'; import fa from 'mapped/features/a.js'; export default [part, fa]`,
      ['p', 'fa'],
    ],
    [
      'a part of a scope',
      `import { scoped } from '@scope/name'; import { deeper } from '@scope/name/deep/er.js'; export default [scoped, deeper]`,
      [1, 2],
    ],
    [
      'a library of the image',
      `import { x } from 'plain'; import p from 'plain'; export default [x, p.list]`,
      [1, [1]],
    ],
    [
      'live bindings',
      `import { n, raise } from 'counter'; const before = n; raise(); export default [before, n]`,
      [0, 1],
    ],
    [
      'live bindings through a package',
      `import { n, raise } from 'folded'; import { n as same } from 'counter'; raise(); export default [n, same]`,
      [1, 1],
    ],
    ['import()', `export default async () => { const ns = await import('mapped'); return ns.inner }`, 'i'],
    [
      'import() of CommonJS',
      `export default async () => { const { default: d, extra } = await import('callable'); return [d(1), extra] }`,
      [2, 'e'],
    ],
    ['import() with a template', 'export default async () => (await import(`mapped`)).inner', 'i'],
    ['import() without await', `export default () => import('mapped').then(({ inner }) => inner)`, 'i'],
    [
      'import() beside an import',
      `import { inner } from 'mapped'; export default async () => [(await import('mapped')).inner, inner]`,
      ['i', 'i'],
    ],
    ['a top-level await', `import { a } from 'waits'; export default a`, 1],
    ['a copy of an entry', `import { one } from 'common'; export { one as default }`, 1],
    ['a name again', `export { one as default } from 'common'`, 1],
    ['a default again', `export { default } from 'callable'`, 3],
  ])('%s', async (_what, code, expected) => {
    // The function that is exported again is called with the arguments.
    const value = await cases.value(
      code === `export { default } from 'callable'` ? `import d from 'callable'; export default ({ n }) => d(n)` : code,
    );
    expect(value).toEqual(expected);
  });

  it.each<[string, string, unknown]>([
    ['a parameter', `const f = (one) => one; export default f('x')`, 'x'],
    ['a variable of a block', `let r; { const one = 'x'; r = one } export default [r, one]`, ['x', 1]],
    ['a var of a function', `function f() { one = 'x'; return one; var one } export default [f(), one]`, ['x', 1]],
    ['a function of a block', `let r; { r = one(); function one() { return 'x' } } export default [r, one]`, ['x', 1]],
    ['a catch', `let r; try { throw 'x' } catch (one) { r = one } export default [r, one]`, ['x', 1]],
    [
      'a destructured catch',
      `let r; try { throw { one: 'x' } } catch ({ one }) { r = one } export default [r, one]`,
      ['x', 1],
    ],
    [
      'a loop',
      `const r = []; for (const one of ['x']) r.push(one); for (let one = 5; one < 6; one++) r.push(one); export default [r, one]`,
      [['x', 5], 1],
    ],
    ['a class name', `const K = class one { static n = one.name }; export default [K.n, one]`, ['one', 1]],
    ['a function name', `const g = function one() { return typeof one }; export default [g(), one]`, ['function', 1]],
    ['a switch', `let r; switch (1) { case 1: let one = 'x'; r = one } export default [r, one]`, ['x', 1]],
    [
      'a default of a parameter',
      `const f = (a = one, one = 2) => a; let r; try { f() } catch (e) { r = e.name } export default [r, ((a = one) => a)()]`,
      ['ReferenceError', 1],
    ],
    ['a static block', `let r; class A { static { const one = 'x'; r = one } } export default [r, one]`, ['x', 1]],
  ])('shadowed by %s', async (_what, code, expected) => {
    expect(await cases.value(`import { one } from 'common'; ${code}`)).toEqual(expected);
  });

  it.each<[string, string, unknown]>([
    ['a shorthand property', `export default { one }`, { one: 1 }],
    ['a key', `export default { one: 2, ['x' + one]: one }`, { one: 2, x1: 1 }],
    ['a method', `export default { one() { return one } }.one()`, 1],
    [
      'a getter and a field',
      `class A { one = one; get two() { return one } static [one] = one } export default [new A().one, new A().two, A[1]]`,
      [1, 1, 1],
    ],
    ['a member', `const o = { one: 5 }; export default [o.one, o?.one, o['one'], o[one]]`, [5, 5, 5, undefined]],
    ['a label', `let r = 0; one: for (;;) { r = one; break one } export default r`, 1],
    ['a default in a pattern', `const { a = one } = {}; const [b = one] = []; export default [a, b]`, [1, 1]],
    ['a target of a pattern', `const { one: a } = { one: 3 }; export default [a, one]`, [3, 1]],
    ['a template', 'export default `${one}${`${one}`}`', '11'],
    ['typeof', `export default typeof one`, 'number'],
    ['a closure', `export default () => (() => one)()`, 1],
    ['spread', `export default [...[one], Math.max(...[one, one])]`, [1, 1]],
    ['a call', `export default f()`, true],
    ['a call at the start of a statement without semicolons', `let a = 1\nf()\nconst b = a\nf\n;export default b`, 1],
    ['a call behind a parenthesis', `const g = (x) => x\nlet r = g\nf(r)\nexport default typeof r`, 'function'],
    ['an optional call', `export default f?.()`, true],
    ['new', `export default new Base(3).x`, 3],
    ['new without arguments', `const b = new Base\nexport default b instanceof Base`, true],
    ['new of a function', `export default new makes().made`, 1],
    ['a class that extends', `class B extends Base { constructor() { super(4) } } export default new B().x`, 4],
    ['a tagged template', 'export default tag`a${1}b${2}`', 'a|b|1,2'],
    ['a tagged template at the start', 'let r\ntag`x`\nr = tag`y`\nexport default r', 'y'],
    ['instanceof and in', `export default [new Base(1) instanceof Base, 'name' in Base]`, [true, true]],
    ['a comma and a conditional', `export default (0, one) ? one : 0`, 1],
    ['await', `export default [await one, await f()]`, [1, true]],
    ['an arrow that returns it', `export default [(() => f)()()]`, [true]],
    ['a member call', `export default Base.prototype.constructor === Base`, true],
    ['return in a generator', `function* g() { yield one; yield* [one] } export default [...g()]`, [1, 1]],
    ['a name in a string', `export default ['one', /one/.source, \`one\`]`, ['one', 'one', 'one']],
    ['comments', `export default /* one */ one // one\n`, 1],
    ['a name with escapes', `export default \\u006fne`, 1],
  ])('used as %s', async (_what, code, expected) => {
    const value = await cases.value(`import { one, f, Base, tag, makes } from 'common'; ${code}`);
    expect(value).toEqual(expected);
  });

  it.each([
    'one = 2',
    'one++',
    '({ one } = { one: 1 })',
    '[one] = [1]',
    'for (one of [1]);',
    'delete ns.one',
    'ns.one = 1',
    'one ||= 3',
  ])('an assignment to an import fails: %s', async (statement) => {
    const error = await cases.error(
      `import { one } from 'common'; import * as ns from 'common'; export default () => { ${statement} }`,
    );
    expect(error.message).toMatch(/assign|constant|read-only|import|delete|property/i);
  });

  it('a name that a package does not export fails, with the name', async () => {
    const error = await cases.error(`import { missing } from 'mapped';\nexport default missing`);
    expect(error.message).toContain('missing');
  });

  it('names that are ours stay those of the author', async () => {
    const names =
      '$nexus0_lib0, $nexus0_entry, $nexus0, $nexus0_args, $nexus0_itself, $nexus_lib0, import_common, common_default';
    const declared = names
      .split(', ')
      .map((name, index) => `const ${name} = ${index};`)
      .join('');
    expect(await cases.value(`import { one } from 'common'; ${declared} export default [${names}, one]`)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 1,
    ]);
  });
});
