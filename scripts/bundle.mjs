// Bundles what ships: a cold start is mostly finding, reading and linking modules, and the sources are many small files.
//
// The main thread's part leaves its dependencies to npm. The worker's part takes them in: on the way to the first result
// every worker resolves them anew, which costs more than all else it does. Their licences go along.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const common = {
  outdir: path('dist'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
};

await build({
  ...common,
  entryPoints: {
    index: path('build/index.js'),
    otel: path('build/otel/index.js'),
    typescript: path('build/typescript/index.js'),
  },
  packages: 'external',
  splitting: true,
  // Beside the entry: the URL of the worker is relative to wherever its code ends up.
  chunkNames: '[name]-[hash]',
});
const { metafile } = await build({
  ...common,
  entryPoints: { 'pool/worker': path('build/pool/worker.js') },
  // Variants of the engine that are named by quickjs-emscripten and never loaded.
  external: ['@jitl/quickjs-wasmfile-debug-*', '@jitl/quickjs-wasmfile-release-asyncify'],
  metafile: true,
});
// The packages whose code is in the features of the guest, as bytecode in the prelude image.
const guestInputs = JSON.parse(await readFile(path('build/guest/inputs.json'), 'utf8'));
await writeFile(path('dist/pool/THIRD-PARTY-LICENSES.txt'), await licences(Object.keys(metafile.inputs)));
await mkdir(path('dist/guest'), { recursive: true });
await writeFile(path('dist/guest/THIRD-PARTY-LICENSES.txt'), await licences(guestInputs));
await cp(path('build/guest/prelude.image'), path('dist/guest/prelude.image'));
// Beside the entry, as the code that reads it.
await cp(path('build/engine/engine.image'), path('dist/engine.image'));
// Declarations for handlers, written by hand.
for (const name of ['index.d.ts', 'web.d.ts']) await cp(path(`src/handler/${name}`), path(`dist/handler/${name}`));
await cp(path('build'), path('dist/types'), {
  recursive: true,
  filter: (source) => !/\.[^/]+$/.test(source) || source.endsWith('.d.ts'),
});

/** The licence texts of all packages that the inputs of a bundle belong to. */
async function licences(inputs) {
  const packages = inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  const texts = [...new Set(packages)]
    .filter(Boolean)
    .sort()
    .map(async (name) => {
      const folder = path(`node_modules/${name}`);
      const { version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
      const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${name} is bundled and has no licence file`);
      return `${name} ${version} (${license})\n\n${(await readFile(`${folder}/${file}`, 'utf8')).trim()}\n`;
    });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}
