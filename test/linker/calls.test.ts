import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRuntime } from '#src/index.js';
import { installed, packageTree } from '../support/package-tree.js';
import { rejection } from '../support/runtime-helpers.js';
import { LinkerCases } from './cases.js';

const ESM = { type: 'module' };
const PACKAGES = {
  ...installed(
    'dep',
    { 'index.js': 'let n = 0; export const next = () => ++n; export const ask = (x) => $ext.db.get(x);' },
    ESM,
  ),
  'lib/ask.ts': 'export const ask = (n: number) => $ext.db.get(n);',
};
const cases = await LinkerCases.create(PACKAGES, { packages: ['dep'] });
afterAll(() => cases[Symbol.asyncDispose]());
const { runtime } = cases;

const OWN = `import { ask } from './lib/ask.js';\nexport default async ({ n }) => [n, await ask(n)];\nexport const named = () => 'named';`;
const LIBRARY = `import { next } from 'dep';\nexport default async ({ n }) => [next(), await $ext.db.get(n), next()];`;
const ANY = { capabilities: ['ext:*'], args: { n: 2 } } as const;

describe('artifacts of handlers that import', () => {
  it.each([
    ['own files', OWN, [2, 'x']],
    ['packages of the image', LIBRARY, [1, 'x', 2]],
  ])('%s: compiled, executed, suspended and resumed', async (_what, code, expected) => {
    const artifact = await runtime.precompileHandler(code);
    for (let round = 0; round < 2; round++) {
      const { suspension } = await runtime.executeCompiledHandler(artifact, ANY);
      const resumed = await runtime.resumeHandler(suspension?.suspensionId as string, { success: true, value: 'x' });
      expect(resumed.returnValue).toEqual(expected);
    }
    if (code === OWN)
      expect((await runtime.executeCompiledHandler(artifact, ANY, { entry: 'named' })).returnValue).toBe('named');
  });

  it('on a runtime without the package say what is missing', async () => {
    const artifact = await runtime.precompileHandler(LIBRARY);
    await using plain = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const { error } = await plain.executeCompiledHandler(artifact, ANY);
    expect(error?.message).toMatch(/imports "dep", which this runtime does not have.*modules\.packages/);
    const source = await plain.executeHandler(LIBRARY, ANY);
    expect(source.error?.code).toBe('COMPILATION_ERROR');
  });
});

describe('what is known of a handler that imports', () => {
  it('describeHandler sees through own files', async () => {
    const described = await runtime.describeHandler(OWN);
    expect(described).toMatchObject({ entries: ['default', 'named'], capabilities: ['ext:db.get'], imports: [] });
    expect([...described.files].sort()).toEqual(['handler.js', 'lib/ask.ts']);
    expect(described.sizes.sourceBytes).toBe(OWN.length);
    expect(described.sizes.linkedBytes).toBeGreaterThan(100);
  });

  it('describeHandler of one that imports libraries alone, and of one that imports nothing', async () => {
    expect(await runtime.describeHandler(LIBRARY)).toMatchObject({ entries: ['default'], imports: ['dep'], files: [] });
    expect(await runtime.describeHandler('return 1')).toMatchObject({ capabilities: [], imports: [], files: [] });
    expect(await rejection(runtime.describeHandler(`import './nope.js'; export default 1`))).toMatchObject({
      code: 'COMPILATION_ERROR',
      context: { location: { line: 1 } },
    });
  });

  it('inferCapabilities takes libraries, and names the remedy for files', () => {
    expect(runtime.inferCapabilities(LIBRARY)).toEqual(['ext:db.get']);
    expect(() => runtime.inferCapabilities(OWN)).toThrow(/await runtime\.describeHandler\(code\)/);
  });

  it('explains a syntax error as one', () => {
    expect(() => runtime.inferCapabilities(`import { next } from 'dep'; export default (`)).toThrow(
      /SyntaxError|does not compile/,
    );
  });
});

describe('files that change', () => {
  it('are read again after clearCache', async () => {
    const folder = await cases.write({ 'a.js': 'export const a = 1' });
    const call = async () =>
      (await runtime.executeHandler(`import { a } from './a.js'; export default a`, {}, { filename: `${folder}/h.js` }))
        .returnValue;
    expect(await call()).toBe(1);
    await writeFile(join(cases.root, folder, 'a.js'), 'export const a = 2');
    expect(await call()).toBe(1);
    await runtime.clearCache();
    expect(await call()).toBe(2);
  });

  it('concurrent calls link once, and get the same', async () => {
    const folder = await cases.write({ 'a.js': 'export const a = Math.random()' });
    const code = `import { a } from './a.js'; export default typeof a`;
    const results = await Promise.all(
      Array.from({ length: 20 }, () => runtime.executeHandler(code, {}, { filename: `${folder}/h.js` })),
    );
    expect(new Set(results.map(({ returnValue }) => returnValue))).toEqual(new Set(['number']));
  });
});

describe('options of a runtime that name what is not there', () => {
  it.each<[object, RegExp]>([
    [{ from: 'no-such-folder' }, /modules\.from.*no-such-folder.*a folder that exists/],
    [{ from: 'package.json' }, /modules\.from.*a folder that exists/],
    [{ files: { 'a.css': '' } }, /modules\.files is "a\.css".*end with \.js/],
    [{ packages: ['no-such-package'] }, /^modules\.packages: no-such-package cannot be bundled: .* is not installed/],
  ])('%j', async (modules, message) => {
    expect(await rejection(createRuntime({ cacheDir: false, modules }))).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(message),
    });
  });
});

describe('import() where nothing is linked', () => {
  it.each(["return (await import('./a.js')).a", "async () => (await import('./a.js')).a"])('%s', async (code) => {
    const modules = { files: { 'a.js': 'export const a = 1' } };
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, modules });
    const { error } = await runtime.executeHandler(code);
    expect(error?.message).toMatch(/could not load module.*; `import\(\)` works in modules/);
  });
});

describe('the lock file of a runtime', () => {
  it.each<[string, object | string, RegExp]>([
    [
      'another version',
      { lockVersion: 1, bundler: '', packages: [{ name: 'dep', version: '9.9.9', integrity: 'x' }] },
      /dep.*1\.2\.3.*9\.9\.9 in the lock file/,
    ],
    [
      'another integrity',
      { lockVersion: 1, bundler: '', packages: [{ name: 'dep', version: '1.2.3', integrity: 'x' }] },
      /dep.*other files/,
    ],
    ['a package that is missing', { lockVersion: 1, bundler: '', packages: [] }, /dep.*not in the lock file/],
    ['no lock file', 'x', /nexus\.lock cannot be read/],
  ])('with %s: an image is refused, and so is a handler with its own copy', async (_what, lock, message) => {
    await using tree = await packageTree({ ...PACKAGES, 'nexus.lock': lock });
    const modules = { from: tree.directory, packages: ['dep'] };
    expect(await rejection(createRuntime({ cacheDir: false, modules }))).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(message),
    });
    await using own = await createRuntime({ cacheDir: false, maxInstances: 1, modules: { ...modules, hoist: [] } });
    const said = await own.executeHandler(LIBRARY, ANY).then(
      ({ error }) => error?.message,
      (error: Error) => error.message,
    );
    expect(said).toMatch(message);
  });
});
