import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRuntime, type LibraryOption, type NexusError } from '#src/index.js';
import { needsBundling } from '#src/runtime/needs-bundling.js';
import { createTestRuntime } from '#src/testing/index.js';
import { installed, type PackageTree, packageTree } from '../support/package-tree.js';
import { rejection } from '../support/runtime-helpers.js';

type Libraries = Readonly<Record<string, LibraryOption>>;

async function run(libraries: Libraries, handler: string): Promise<unknown> {
  const runtime = await createTestRuntime({ libraries, cacheDir: false, memoryLimitBytes: 128 * 2 ** 20 });
  const result = await runtime.executeHandler(handler);
  await runtime.shutdown();
  expect(result.error).toBeUndefined();
  return result.returnValue;
}

async function refusal(libraries: Libraries): Promise<NexusError> {
  const error = (await rejection(createTestRuntime({ libraries, cacheDir: false }))) as NexusError;
  expect(error).toMatchObject({ code: 'INVALID_CONFIG' });
  return error;
}

/** `it` of a tree. */
const itIn = ({ directory }: PackageTree): Libraries => ({ it: { package: 'it', from: directory } });

describe('the option libraries', () => {
  it('takes installed packages by name, files and texts, under any name', async () => {
    await using tree = await packageTree({
      'shim.mjs':
        `import { sum } from 'lodash'; import data from './data.json'; export const total = sum(data);`.replace(
          'lodash',
          createRequire(import.meta.url).resolve('lodash'),
        ),
      'data.json': '[1, 2]',
      'plain.js': '(function (root) { root.plain = { is: "plain" } })(this);',
      'typed.ts': 'export const answer: number = 42;',
    });
    const file = (name: string) => join(tree.directory, name);
    const libraries: Libraries = {
      _: 'lodash',
      $: { package: 'valibot' },
      'any name': { package: 'lodash/upperFirst' },
      default: 'yaml',
      __proto__: null as never,
      shim: { file: pathToFileURL(file('shim.mjs')) },
      plain: { file: file('plain.js') },
      typed: { file: file('typed.ts') },
      own: { source: 'exports.sum = $lib._.sum([1, 2, 3]);' },
    };
    const returned = await run(
      libraries,
      `return [$lib._.chunk([1, 2, 3], 2), $lib.$.parse($lib.$.number(), 1), $lib['any name']('abc'), $lib.default.parse('a: [1]'), $lib.shim.total, $lib.plain.is, $lib.typed.answer, $lib.own.sum]`,
    );
    expect(returned).toEqual([[[1, 2], [3]], 1, 'Abc', { a: [1] }, 3, 'plain', 42, 6]);
  });

  it('works in workers and across a suspension', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, libraries: { yaml: 'yaml' } });
    const handler = `const text = $lib.yaml.stringify({ a: 1 }); const more = await $ext.api.get(); return $lib.yaml.parse(text + more)`;
    const result = await runtime.run(
      handler,
      { capabilities: ['ext:api.get'] },
      { extensions: { api: { get: () => 'b: 2' } } },
    );
    expect(result.returnValue).toEqual({ a: 1, b: 2 });
  });

  it('finds a package from a directory, its URL, or the URL of a file in it', async () => {
    await using tree = await packageTree(installed('it', { 'index.js': 'module.exports = 7;' }));
    const url = pathToFileURL(tree.directory);
    for (const from of [tree.directory, new URL(`${url}/`), `${url}/main.mjs`]) {
      expect(await run({ it: { package: 'it', from } }, 'return $lib.it')).toBe(7);
    }
  });
});

describe('what the option libraries refuses', () => {
  it.each([
    [{ a: 5 }, 'libraries.a', /the name of a package, or an object/],
    [{ a: { package: 'x', file: 'y' } }, 'libraries.a', /one of package, file and source/],
    [{ a: { file: 'x', from: 'y' } }, 'libraries.a.from', /absent without package/],
    [{ a: './x.js' }, 'libraries.a', /a path is \{ file \}/],
    [{ a: 'exports.a = 1' }, 'libraries.a', /a script is \{ source \}/],
    [{ a: { package: '' } }, 'libraries.a.package', /the name of an installed package/],
    [{ a: { file: new URL('https://x.example/y.js') } }, 'libraries.a.file', /URL with file:/],
    [{ a: { pakage: 'x' } }, 'libraries.a.pakage', /Did you mean libraries\.a\.package/],
    [{ 'import:a': 'lodash' }, 'libraries.import:a', /does not begin with import:/],
    [{ a: { file: '/no/such/file.js' } }, 'libraries.a.file', /ENOENT/],
    [{ a: 'not-installed-here' }, 'libraries.a', /npm install not-installed-here/],
  ])('%j', async (libraries, option, reason) => {
    const error = await refusal(libraries as unknown as Libraries);
    expect(error.context).toMatchObject({ option });
    expect(error.message).toMatch(reason);
  });

  it('a package that uses a builtin, with the package and the place of the import', async () => {
    await using tree = await packageTree(installed('it', { 'index.js': `\nconst net = require('node:net');` }));
    const error = await refusal(itIn(tree));
    expect(error.context).toMatchObject({
      option: 'libraries.it',
      import: 'node:net',
      package: 'it',
      version: '1.2.3',
      line: 2,
      column: 21,
    });
    expect(error.message).toMatch(
      /^libraries\.it cannot be bundled: it imports node:net, a builtin of Node .*node_modules\/it\/index\.js:2:21, it 1\.2\.3/,
    );
  });

  it.each([
    [
      'throws at its start',
      'exports.x = 1;\n\n  null.length;',
      /^libraries\.it cannot be initialised: TypeError: .*node_modules\/it\/index\.js:3:\d+, it 1\.2\.3/,
    ],
    [
      'rejects at its start',
      `exports.x = Promise.reject(new RangeError('no'));`,
      /^libraries\.it .*a promise was rejected.*RangeError: no/s,
    ],
    ['needs a document', `exports.title = document.title;`, /^libraries\.it .*'document' is not defined.*index\.js:1:/],
    ['exports nothing', 'var a = 1;', /^libraries\.it cannot be initialised: it exports nothing/],
    ['generates code', `exports.f = new Function('return 1');`, /^libraries\.it .*index\.js:1:/],
  ])('a package that %s, at its place in the package', async (_what, source, message) => {
    await using tree = await packageTree({
      ...installed('it', { 'index.js': source }),
      ...installed('good', { 'index.js': 'exports.a = 1;' }),
    });
    const error = await refusal({ good: { package: 'good', from: tree.directory }, ...itIn(tree) });
    expect(error.message).toMatch(message);
    expect(error.context).toMatchObject({ option: 'libraries.it' });
  });

  it('the same from a runtime with workers', async () => {
    await using tree = await packageTree(installed('it', { 'index.js': 'exports.x = 1;\nnull.length;' }));
    const error = await rejection(createRuntime({ cacheDir: false, libraries: itIn(tree) }));
    expect(error).toMatchObject({
      code: 'INVALID_CONFIG',
      context: { option: 'libraries.it', line: 2, package: 'it' },
    });
  });
});

describe('whether a file is bundled', () => {
  it.each([
    [false, 'exports.a = 1;'],
    [false, '// import and export and require("x")\nmodule.exports = "import";'],
    [false, `try { require('crypto') } catch { module.exports = 1 }`],
    [false, '(function (require, module) { require("a") })();'],
    [false, 'function require(x) { return x } require("a");'],
    [false, 'exports.load = (name) => require(name);'],
    [false, 'let = ;  import'],
    [true, 'import a from "a";'],
    [true, '#!/usr/bin/env node\nexport const a = 1;'],
    [true, 'exports.a = require("a");'],
    [true, `(function (f) { if (typeof exports === 'object') f(exports, require('dep')) })(() => {});`],
    [true, `try { a() } catch { require('a') }`],
  ])('%s: %s', (expected, source) => {
    expect(needsBundling(source, '/a/file.js')).toBe(expected);
  });

  it.each(['.mjs', '.ts', '.mts', '.cts', '.json'])('always, if it is %s', (ending) => {
    expect(needsBundling('1', `/a/file${ending}`)).toBe(true);
  });

  it('published bundles need none', async () => {
    const { resolve } = createRequire(import.meta.url);
    for (const path of [
      resolve('lodash'),
      resolve('marked').replace(/[^/]*$/, 'marked.umd.js'),
      resolve('rxjs').replace(/cjs.*$/, 'bundles/rxjs.umd.js'),
    ]) {
      expect(needsBundling(await readFile(path, 'utf8'), path)).toBe(false);
    }
  });
});
