// What tests execute instead of the sources: the images, the entry of worker threads, and the sources as JavaScript. Each is made again
// when a file that it was made of has changed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { bundlePages } from '../../../scripts/bundle-pages.mjs';
import { makeImages } from '../../../scripts/images/make-images.mjs';
import { bundleWorker } from '../../../scripts/worker-bundle.mjs';
import {
  ENGINE_URL,
  HANDLER_TYPES_URL,
  NODE_LIBRARY_URL,
  PAGES_URL,
  PRELUDE_URL,
  SOURCES_URL,
  WORKER_URL,
} from './assets.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDER = fileURLToPath(new URL('.', ENGINE_URL));
/** Inputs of esbuild that are no files, such as `unused-variants:…`. */
const NO_FILE = /^[\w-]{2,}:/;

export async function makeFiles(): Promise<void> {
  await mkdir(dirname(fileURLToPath(PRELUDE_URL)), { recursive: true });
  await mkdir(dirname(fileURLToPath(WORKER_URL)), { recursive: true });
  await unlessFresh('images', [ENGINE_URL, PRELUDE_URL, NODE_LIBRARY_URL], async () => {
    const { engine, prelude, nodeLibrary, inputs } = await makeImages(FOLDER);
    await replaceFile(fileURLToPath(ENGINE_URL), engine);
    await replaceFile(fileURLToPath(PRELUDE_URL), prelude);
    await replaceFile(fileURLToPath(NODE_LIBRARY_URL), nodeLibrary);
    return inputs;
  });
  await unlessFresh('worker', [WORKER_URL], async () => {
    const folder = `${FOLDER}worker.${process.pid}`;
    const inputs = await bundleWorker(`${ROOT}src/worker/entry.ts`, `${folder}/entry.mjs`, ROOT);
    for (const name of ['entry.mjs.map', 'entry.mjs']) await rename(`${folder}/${name}`, `${FOLDER}worker/${name}`);
    await rmdir(folder);
    return ['package-lock.json', 'scripts/worker-bundle.mjs', ...inputs];
  });
  await unlessFresh('pages', [new URL('status.html', PAGES_URL)], async () => {
    const folder = `${FOLDER}pages.${process.pid}`;
    const inputs = await bundlePages(folder, ROOT);
    const before = `${folder}.before`;
    await rename(PAGES_URL, before).catch(() => undefined);
    await rename(folder, PAGES_URL);
    await rm(before, { recursive: true, force: true });
    return ['package-lock.json', ...inputs];
  });
  await makeSources();
}

/**
 * The sources as JavaScript, file by file: Node imports all of them in a tenth of the time that vite's module runner takes, and each
 * test file has a process of its own that imports most of them.
 */
async function makeSources(): Promise<void> {
  const names = await readdir(`${ROOT}src`, { recursive: true });
  // What is executed in a browser is bundled.
  const isPage = (name: string) => /^pages[\\/]/.test(name);
  const sources = names
    .filter((name) => /(?<!\.d)\.ts$/.test(name) && !isPage(name))
    .map((name) => `src/${name.replaceAll('\\', '/')}`);
  const made = sources.map((source) => new URL(source.replace(/^src\/(.*)\.ts$/, '$1.js'), SOURCES_URL));
  await unlessFresh('sources', made, async () => {
    const folder = `${FOLDER}src.${process.pid}`;
    const common = {
      absWorkingDir: ROOT,
      outdir: folder,
      format: 'esm',
      target: 'node20',
      sourcemap: 'linked',
    } as const;
    await build({ ...common, entryPoints: sources, outbase: 'src', logLevel: 'warning' });
    await writeFile(`${folder}/package.json`, '{ "type": "module" }\n');
    await writeFile(`${folder}/assets.js`, assets());
    // A run that began before goes on with what was there: it has imported it, or finds the new file at the same place.
    const before = `${folder}.before`;
    await rename(SOURCES_URL, before).catch(() => undefined);
    await rename(folder, SOURCES_URL);
    await rm(before, { recursive: true, force: true });
    return [
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.base.json',
      'test/support/sources/made-files.ts',
      ...sources,
    ];
  });
}

/** `assets.ts` beside this file, from the place of `src/assets.ts`. */
function assets(): string {
  const from = fileURLToPath(SOURCES_URL);
  const lines = Object.entries({
    ENGINE_URL,
    HANDLER_TYPES_URL,
    NODE_LIBRARY_URL,
    PAGES_URL,
    PRELUDE_URL,
    WORKER_URL,
  }).map(([name, url]) => {
    // Of a folder, a path has no end.
    const end = url.pathname.endsWith('/') ? '/' : '';
    return `export const ${name} = new URL('${relative(from, fileURLToPath(url))}${end}', import.meta.url);\n`;
  });
  return lines.join('');
}

/** @param make returns the files that the result depends on, from the root of the project */
async function unlessFresh(name: string, made: readonly URL[], make: () => Promise<readonly string[]>): Promise<void> {
  const stamp = `${FOLDER}${name}.inputs.json`;
  const known = await readFile(stamp, 'utf8').catch(() => '[]');
  const digests = new Map(JSON.parse(known) as [string, string][]);
  if (digests.size > 0 && made.every((file) => existsSync(file)) && (await haveDigests(digests))) return;
  const started = Date.now();
  const inputs = await make();
  const paths = [...new Set(inputs)].filter((path) => !NO_FILE.test(path));
  const modified = await Promise.all(paths.map(async (path) => (await stat(`${ROOT}${path}`)).mtimeMs));
  // A file that changed in the meantime may have been read before or after: without a stamp, the next run makes it again.
  if (Math.max(...modified) >= started) return rm(stamp, { force: true });
  const entries = await Promise.all(paths.map(async (path) => [path, await digestOf(path)]));
  await replaceFile(stamp, JSON.stringify(entries));
}

async function haveDigests(digests: ReadonlyMap<string, string>): Promise<boolean> {
  const checks = [...digests].map(async ([path, digest]) => (await digestOf(path)) === digest);
  return (await Promise.all(checks)).every(Boolean);
}

/** Of a file that is gone, none. */
async function digestOf(path: string): Promise<string | undefined> {
  const content = await readFile(`${ROOT}${path}`).catch(() => undefined);
  return content && createHash('sha256').update(content).digest('hex');
}

/** Another run of the tests finds all of it or what was there before. */
async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.${process.pid}`, content);
  await rename(`${path}.${process.pid}`, path);
}
