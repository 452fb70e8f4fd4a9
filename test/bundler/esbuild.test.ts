import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

import type { loadBundler } from '#src/bundler/esbuild.js';
import { installed, packageTree } from '../support/package-tree.js';

const SOURCE = fileURLToPath(new URL('../../src/bundler/esbuild.ts', import.meta.url));

/** The loader as if this package were installed in a directory. */
async function loaderIn(directory: string): Promise<typeof loadBundler> {
  const outfile = join(directory, 'node_modules/nexus-runtime/loader.mjs');
  await build({ entryPoints: [SOURCE], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'silent' });
  return ((await import(pathToFileURL(outfile).href)) as { loadBundler: typeof loadBundler }).loadBundler;
}

const esbuildOf = (version: string, rest = 'exports.context = () => {};') =>
  installed('esbuild', { 'index.js': `exports.version = '${version}'; ${rest}` });

describe('the installed esbuild', () => {
  it('is that of the directory, before that beside this library', async () => {
    await using application = await packageTree(esbuildOf('0.99.1'));
    await using library = await packageTree(esbuildOf('0.25.0'));
    const load = await loaderIn(library.directory);
    expect(load(application.directory).version).toBe('0.99.1');
    await using empty = await packageTree({ 'package.json': {} });
    expect(load(empty.directory).version).toBe('0.25.0');
  });

  it('is another one if that of the directory is too old', async () => {
    await using application = await packageTree(esbuildOf('0.24.2'));
    await using library = await packageTree(esbuildOf('1.0.0'));
    expect((await loaderIn(library.directory))(application.directory).version).toBe('1.0.0');
  });

  it.each([
    ['there is none', {}, /it is not installed in .*Install it: npm install esbuild/],
    ['it is too old', esbuildOf('0.24.2'), /has version 0\.24\.2\. Install it: npm install esbuild/],
    ['it cannot be loaded', esbuildOf('0.25.0', 'throw new Error("broken")'), /cannot be loaded: Error: broken/],
    ['it is something else', esbuildOf('3.0.0', ''), /has version 3\.0\.0/],
  ])('when %s, the error has the remedy', async (_what, files, message) => {
    await using tree = await packageTree({ 'package.json': {}, ...files });
    const load = await loaderIn(tree.directory);
    let thrown: unknown;
    try {
      load(tree.directory);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'INVALID_CONFIG', context: { package: 'esbuild' } });
    expect((thrown as Error).message).toMatch(message);
  });
});
