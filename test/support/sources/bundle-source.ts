import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

import { bundling } from '../../../scripts/worker-bundle.mjs';
import * as assets from './assets.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER = fileURLToPath(new URL('programs/', assets.ENGINE_URL));

/**
 * Bundles a source, or a program that imports `#src/…`, for a process or a thread that a test starts: nothing transforms TypeScript there.
 *
 * @param path from the root of the project
 * @returns where the bundle is, a module
 */
export async function bundleSource(path: string): Promise<URL> {
  const id = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const file = `${FOLDER}${basename(path).replace(/\.\w+$/, '')}-${id}.mjs`;
  await mkdir(FOLDER, { recursive: true });
  const { outputFiles: [bundle] = [] } = await build({
    ...bundling,
    entryPoints: [`${ROOT}${path}`],
    absWorkingDir: ROOT,
    packages: 'external',
    sourcemap: 'inline',
    write: false,
    plugins: [{ name: 'for-tests', setup: forTests }],
  });
  if (bundle === undefined) throw new Error(`esbuild made nothing of ${path}`);
  // Another test that uses it finds all of it, before and after.
  await writeFile(`${file}.${process.pid}`, bundle.contents);
  await rename(`${file}.${process.pid}`, file);
  return new URL(`file://${file}`);
}

const forTests: Plugin['setup'] = ({ onLoad, onResolve }) => {
  onLoad({ filter: /\/src\/assets\.ts$/ }, () => {
    const lines = Object.entries(assets).map(([name, url]) => `export const ${name} = new URL('${url.href}');`);
    return { contents: lines.join('\n') };
  });
  // By `packages: 'external'` these would be taken for names of packages.
  onResolve({ filter: /^#src\// }, ({ path }) => ({
    path: `${ROOT}src/${path.slice('#src/'.length).replace(/\.js$/, '.ts')}`,
  }));
  // Scripts of the project find files from where they lie.
  onResolve({ filter: /\/scripts\/.*\.mjs$/ }, ({ path, resolveDir }) => ({
    path: resolve(resolveDir, path),
    external: true,
  }));
};
