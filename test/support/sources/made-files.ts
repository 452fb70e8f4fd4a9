// What cannot be executed as a source: the images, and the entry of worker threads. Each is made again when a file that it was made
// of has changed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeImages } from '../../../scripts/images/make-images.mjs';
import { bundleWorker } from '../../../scripts/worker-bundle.mjs';
import { ENGINE_URL, NODE_LIBRARY_URL, PRELUDE_URL, WORKER_URL } from './assets.js';

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
