import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BundleError } from '#src/bundler/bundle-error.js';
import { type BundleEntry, bundleLibraries, librarySourceOf } from '#src/bundler/bundle-libraries.js';
import { createExecutor, runInThread } from '../support/executor.js';
import { installed, packageTree } from '../support/package-tree.js';

const MAX_BYTES = 2 ** 24;

async function bundleIn(
  files: Readonly<Record<string, string | object>>,
  libraries: Readonly<Record<string, string>>,
  bounds: { maxBytes?: number; signal?: AbortSignal; timeoutMs?: number } = {},
) {
  await using tree = await packageTree(files);
  return await bundleLibraries(entriesOf(libraries), { resolveDir: tree.directory, maxBytes: MAX_BYTES, ...bounds });
}

function entriesOf(libraries: Readonly<Record<string, string>>): BundleEntry[] {
  return Object.entries(libraries).map(([name, specifier]) => ({ name, specifier }));
}

async function run(
  files: Readonly<Record<string, string | object>>,
  libraries: Readonly<Record<string, string>>,
  handler: string,
): Promise<unknown> {
  const executor = await createExecutor([librarySourceOf(await bundleIn(files, libraries))]);
  return (await runInThread(executor, handler)).returnValue;
}

async function failure(
  files: Readonly<Record<string, string | object>>,
  libraries: Readonly<Record<string, string>> = { it: 'it' },
  bounds = {},
): Promise<BundleError> {
  const error = await bundleIn(files, libraries, bounds).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BundleError);
  return error as BundleError;
}

describe('a bundle in the image', () => {
  it('a CommonJS package is its module.exports, an ES module its namespace, a JSON file its value', async () => {
    const files = {
      ...installed('cjs', { 'index.js': 'module.exports = (n) => n * 2; module.exports.half = (n) => n / 2;' }),
      ...installed('esm', { 'index.js': 'export default 5; export const six = 6;' }, { type: 'module' }),
      ...installed('data', { 'index.json': { a: [1] } }, { main: 'index.json' }),
    };
    const handler = `return [$lib.c(4), $lib.c.half(4), $lib.e.default, Object.keys($lib.e), $lib.d, Object.keys($lib)]`;
    const returned = await run(files, { c: 'cjs', e: 'esm', d: 'data' }, handler);
    expect(returned).toEqual([8, 2, 5, ['default', 'six'], { a: [1] }, ['c', 'e', 'd']]);
  });

  it('an import of a library sees a namespace, by the rules of Node', async () => {
    const files = {
      ...installed('cjs', {
        'index.js': `
          exports.__esModule = true; exports.default = 'inner'; exports.a = 1;
          Object.defineProperty(exports, 'lazy', { enumerable: true, get: () => 2 });
          Object.defineProperty(exports, 'broken', { enumerable: true, get() { throw new Error('no') } });
          Object.defineProperty(exports, 'hidden', { value: 3 });`,
      }),
      ...installed('esm', { 'index.mjs': 'export let n = 1; export function inc() { n++ }' }, { main: 'index.mjs' }),
    };
    const handler = `
      const c = $lib['import:c'], e = $lib['import:e'];
      e.inc();
      return [Object.keys(c).sort(), c.default === $lib.c, c.a, c.lazy, c.broken, c.toString, e === $lib.e, e.n, 'toString' in e, Object.keys($lib)];`;
    const returned = await run(files, { c: 'cjs', e: 'esm' }, handler);
    const keys = ['__esModule', 'a', 'broken', 'default', 'lazy'];
    expect(returned).toEqual([keys, true, 1, 2, undefined, undefined, true, 2, false, ['c', 'e']]);
  });

  it('a library that is a text has a namespace as well', async () => {
    const executor = await createExecutor([{ name: 'own', filename: 'own.js', source: 'exports.a = 1' }]);
    const handler = `const { default: all, a } = $lib['import:own']; return [all === $lib.own, a, Object.keys($lib)]`;
    expect((await runInThread(executor, handler)).returnValue).toEqual([true, 1, ['own']]);
  });

  it('packages that import the same package share one instance of it', async () => {
    const files = {
      ...installed('shared', { 'index.js': 'exports.list = [];' }),
      ...installed('one', { 'index.js': `exports.add = (x) => require('shared').list.push(x);` }),
      ...installed('two', { 'index.mjs': `import { list } from 'shared'; export { list };` }, { main: 'index.mjs' }),
    };
    const returned = await run(files, { one: 'one', two: 'two' }, `$lib.one.add('x'); return $lib.two.list`);
    expect(returned).toEqual(['x']);
  });

  it('functions and classes keep their names where two packages use the same', async () => {
    const file = 'export class Fault extends Error {} export const make = () => new Fault().constructor.name;';
    const files = {
      ...installed('one', { 'index.mjs': file }, { main: 'index.mjs' }),
      ...installed('two', { 'index.mjs': file }, { main: 'index.mjs' }),
    };
    const handler = 'return [$lib.one.make(), $lib.two.make(), $lib.two.Fault.name, $lib.two.make.name]';
    expect(await run(files, { one: 'one', two: 'two' }, handler)).toEqual(['Fault', 'Fault', 'Fault', 'make']);
  });

  it('TypeScript, cycles, optional packages and files that a package turned off for browsers', async () => {
    const files = {
      ...installed(
        'typed',
        { 'index.ts': 'export enum Mode { On = 1 } export const x: number = Mode.On;' },
        { main: 'index.ts' },
      ),
      ...installed('cycle', {
        'index.js': `exports.a = 1; exports.b = require('./b').b;`,
        'b.js': `exports.b = require('./index').a + 1;`,
      }),
      ...installed('optional', {
        'index.js': `try { require('fs') } catch (error) { exports.reason = error.message } exports.type = typeof process;`,
      }),
      ...installed(
        'turned-off',
        { 'index.js': `exports.keys = [require('fs'), require('node:fs')].map((m) => Object.keys(m).length);` },
        { browser: { fs: false } },
      ),
    };
    const libraries = { typed: 'typed', cycle: 'cycle', optional: 'optional', off: 'turned-off' };
    const handler = 'return [$lib.typed.x, $lib.cycle.b, $lib.optional.reason, $lib.optional.type, $lib.off.keys]';
    const reason = 'Dynamic require of "fs" is not supported';
    expect(await run(files, libraries, handler)).toEqual([1, 2, reason, 'undefined', [0, 0]]);
  });

  it('an installed package replaces a builtin of Node, from the importing package or from the application', async () => {
    const files = {
      ...installed('path-browserify', { 'index.js': `exports.from = 'path-browserify';` }),
      ...installed('events', { 'events.js': `exports.from = 'events';` }, { main: 'events.js' }),
      ...installed('it', {
        'index.js': `exports.all = [require('path').from, require('node:events').from, require('events').from, require('util/').from];`,
        'node_modules/util/package.json': { name: 'util', main: 'u.js' },
        'node_modules/util/u.js': `exports.from = 'util';`,
      }),
    };
    const returned = await run(files, { it: 'it' }, 'return $lib.it.all');
    expect(returned).toEqual(['path-browserify', 'events', 'events', 'util']);
  });

  it('a file by its URL, a path, and a package of a workspace that is linked', async () => {
    await using tree = await packageTree({
      'libs/shim.mjs': `import { double } from 'linked'; export const four = double(2);`,
      'packages/linked/package.json': { name: 'linked', version: '7.0.0' },
      'packages/linked/index.js': `exports.double = require('./part').double;`,
      'packages/linked/part.js': 'exports.double = (n) => n * 2;',
      'node_modules/linked': { link: '../packages/linked' },
    });
    const resolveDir = tree.directory;
    const entries = [
      { name: 'url', specifier: pathToFileURL(`${resolveDir}/libs/shim.mjs`) },
      { name: 'path', specifier: './libs/shim.mjs' },
      { name: 'linked', specifier: 'linked' },
    ];
    const bundle = await bundleLibraries(entries, { resolveDir, maxBytes: MAX_BYTES });
    const executor = await createExecutor([librarySourceOf(bundle)]);
    const outcome = await runInThread(executor, 'return [$lib.url.four, $lib.path.four, $lib.linked.double(4)]');
    expect(outcome.returnValue).toEqual([4, 4, 8]);
    const ofPackage = bundle.inputs.find(({ path }) => path === 'packages/linked/part.js');
    expect(ofPackage).toMatchObject({ package: 'linked', version: '7.0.0', libraries: ['url', 'path', 'linked'] });
  });
});

describe('what a bundle is made of', () => {
  it('lists files with package, version and the libraries that need them', async () => {
    const { inputs, exports, sourceMap } = await bundleIn(
      {
        ...installed('@scope/a', { 'lib/index.js': `exports.b = require('b');` }, { main: 'lib' }),
        ...installed('b', { 'index.js': 'exports.x = 1;' }),
      },
      { one: '@scope/a', two: 'b' },
    );
    expect(exports).toEqual([
      { name: 'one', isCommonJs: true },
      { name: 'two', isCommonJs: true },
    ]);
    expect(inputs.map(({ bytes: _, ...rest }) => rest)).toEqual([
      { path: 'node_modules/b/index.js', package: 'b', version: '1.2.3', libraries: ['one', 'two'] },
      { path: 'node_modules/@scope/a/lib/index.js', package: '@scope/a', version: '1.2.3', libraries: ['one'] },
    ]);
    expect(JSON.parse(sourceMap)).toMatchObject({
      version: 3,
      sources: expect.arrayContaining(['node_modules/b/index.js']),
    });
  });
});

describe('what cannot be bundled', () => {
  it.each([
    ['fs', /a builtin of Node .*\$ext/],
    ['node:crypto', /global `crypto`/],
    ['path', /npm install path-browserify/],
    ['node:events', /npm install events/],
    ['node:test', /\$ext/],
    ['fs/promises', /\$ext/],
  ])('a library that imports %s', async (specifier, reason) => {
    const files = installed('it', {
      'index.js': `module.exports = require('./part');`,
      'part.js': `'use strict';\nconst x = require('${specifier}');`,
    });
    const place = { file: 'node_modules/it/part.js', line: 2, column: 19 };
    const error = await failure(files);
    expect(error).toMatchObject({ library: 'it', specifier, place, package: { name: 'it', version: '1.2.3' } });
    expect(error.message).toMatch(reason);
    expect(error.message).toContain('(node_modules/it/part.js:2:19, it 1.2.3)');
  });

  it.each([
    ['a package that is not installed', {}, /the package it is not installed .*npm install it$/],
    ['a dependency that is not installed', { 'index.js': `require('gone/part')` }, /npm install gone \(/],
    [
      'a part that a package does not export',
      { 'index.js': `require('it/part')`, 'part.js': '' },
      /it\/part.*not exported/,
    ],
    ['a file that is not there', { 'index.js': `require('./gone')` }, /there is no module .\/gone/],
    ['machine code', { 'index.js': `require('./x.node')`, 'x.node': '\0' }, /x\.node, machine code/],
    ['WebAssembly', { 'index.js': `require('./x.wasm')`, 'x.wasm': '\0' }, /no WebAssembly/],
    ['a style sheet', { 'index.js': `require('./x.css')`, 'x.css': 'a {}' }, /a style sheet/],
    ['a picture', { 'index.js': `require('./x.png')`, 'x.png': '\0' }, /x\.png, and libraries consist of/],
    ['a module of the web', { 'index.js': `export * from 'https://x.example/y.js'` }, /installed packages and files/],
    ['a module that waits', { 'index.js': 'export default await 1' }, /waits at its top level/],
    ['a syntax error', { 'index.js': 'let a = ;' }, /Unexpected ";"/],
  ])('%s', async (_what, files, reason) => {
    const isThere = Object.keys(files).length > 0;
    const error = await failure(isThere ? installed('it', files, { exports: './index.js' }) : {});
    expect(error.message).toMatch(reason);
    expect(error.library).toBe('it');
    expect(error.place?.file).toBe(isThere ? 'node_modules/it/index.js' : undefined);
  });

  it.each([
    ['by a path', { 'index.js': `import '../../.env.json'; export const a = 1;` }, {}],
    ['as a text', { 'index.js': `export { default } from '../../.env.json' with { type: 'text' };` }, {}],
    ['into another package', { 'index.js': `export { default } from '../other/secret.json';` }, {}],
    ['by dots in the name of a package', { 'index.js': `exports.a = require('other/../../.env.json');` }, {}],
    ['by its main file', {}, { main: '../../.env.json' }],
  ])('a package that reaches a file outside of itself %s', async (_how, files, manifest) => {
    const error = await failure({
      ...installed('it', files, manifest),
      ...installed('other', { 'secret.json': {} }),
      '.env.json': { PASSWORD: 'x' },
    });
    expect(error.message).toMatch(/outside of its package/);
  });

  it('says which of several libraries it is', async () => {
    const files = { ...installed('good', { 'index.js': '' }), ...installed('bad', { 'index.js': `require('net')` }) };
    const error = await failure(files, { a: 'good', b: 'bad', c: 'good' });
    expect(error).toMatchObject({ library: 'b', specifier: 'net' });
  });

  it('a script over the limit, naming the largest library', async () => {
    const files = {
      ...installed('small', { 'index.js': 'exports.a = 1;' }),
      ...installed('large', { 'index.js': `exports.a = '${'x'.repeat(5_000)}';` }),
    };
    const error = await failure(files, { small: 'small', large: 'large' }, { maxBytes: 4_000 });
    expect(error.message).toMatch(/maxSourceBytes is 4000/);
    expect(error.library).toBe('large');
  });

  it('ends when the caller gives up', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(bundleIn(installed('it', { 'index.js': '' }), { it: 'it' }, { signal })).rejects.toThrow('enough');
  });

  it('ends when its time is over', async () => {
    const parts = Array.from({ length: 300 }, (_, n) => [`part${n}.js`, `exports.n = require('fs') + ${n};`]);
    const all = parts.map(([name]) => `require('./${name}')`).join('; ');
    const error = await failure(
      installed('it', { 'index.js': all, ...Object.fromEntries(parts) }),
      { it: 'it' },
      { timeoutMs: 0 },
    );
    expect(error.message).toBe('bundling takes longer than 0 ms');
  });

  it('runs no code of a package on the host', async () => {
    const files = installed('it', { 'index.js': 'globalThis.wasHere = 1; exports.a = 1;', 'postinstall.js': '' });
    await bundleIn(files, { it: 'it' });
    expect('wasHere' in globalThis).toBe(false);
  });
});
