import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

import { bundleGuestScript } from '../guest-script.mjs';
import { optimiseEngine } from './optimise-engine.mjs';

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const UPSTREAM = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
/** What makes them, apart from what is bundled. */
const TOOLS = [
  'package-lock.json',
  'scripts/guest-script.mjs',
  'scripts/images/make-images.mjs',
  'scripts/images/optimise-engine.mjs',
];

/**
 * Makes the image of the engine and that of the prelude from `src/`, which need not be built before.
 *
 * @param {string} folder where its own code is bundled to
 * @returns {Promise<{ engine: Uint8Array, prelude: Uint8Array, nodeLibrary: string, guestInputs: readonly string[], inputs: string[], report: readonly string[] }>}
 *   the two images; the library of the option `node`; the files that the guest's scripts were made of; all files that the images depend on; what to tell who builds
 */
export async function makeImages(folder) {
  // A new name each time: a process has a module once.
  const outfile = `${folder}/make-images-${process.pid}-${Date.now()}.mjs`;
  const { metafile } = await build({
    entryPoints: [path('scripts/images/index.ts')],
    absWorkingDir: path('.'),
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    metafile: true,
    logLevel: 'warning',
  });
  const maker = await import(pathToFileURL(outfile).href).finally(() => rm(outfile));
  const made = await maker.makeImages(await readFile(UPSTREAM), { optimise: optimiseEngine, bundleGuestScript });
  const node = await bundleGuestScript('src/guest/node/index.ts');
  const guestInputs = [...made.guestInputs, ...node.inputs];
  const report = [...made.report, `node library: ${node.source.length} characters`];
  return {
    ...made,
    guestInputs,
    report,
    nodeLibrary: node.source,
    inputs: [...TOOLS, ...Object.keys(metafile.inputs), ...guestInputs],
  };
}
