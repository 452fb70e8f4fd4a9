// Bundles the published files: a cold start mostly consists of finding, reading and linking modules, and the
// sources are many small files.
//
// The main thread's bundle leaves its dependencies to npm. The worker's bundle includes them, because
// resolving them in every worker would cost more than the rest of its start. Their licences are included.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { bundleWorker, bundling, withoutUnusedVariants } from './worker-bundle.mjs';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const common = { ...bundling, outdir: path('dist') };

// State that exists once per process. The other bundles import it.
await build({ ...common, entryPoints: { singletons: path('build/runtime/singletons.js') } });
const sharing = { name: 'singletons', setup: shareSingletons };
await build({
  ...common,
  entryPoints: {
    index: path('build/index.js'),
    otel: path('build/otel/index.js'),
    typescript: path('build/typescript/index.js'),
  },
  packages: 'external',
  plugins: [sharing],
  splitting: true,
  // Beside the entry: the URL of the worker is relative to the file that contains the code.
  chunkNames: '[name]-[hash]',
});
// Every test process starts it, so it includes its dependencies, like the worker, except those that have
// separate files or that the application also uses. It is a script, see `testing-entry.mjs`. Parts that most
// tests do not need are a separate bundle.
const forTests = {
  ...common,
  external: ['tinypool', 'prom-client', 'vitest'],
  metafile: true,
};
const testing = await build({
  ...forTests,
  entryPoints: { 'testing-kit': path('build/testing/index.js') },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'kitUrl' },
  plugins: [
    sharing,
    withoutUnusedVariants,
    { name: 'native-sha256', setup: useNativeSha256 },
    { name: 'static-engine', setup: importEngineStatically },
    { name: 'own-bundle', setup: leaveThreadPool },
  ],
});
const kit = importThroughEntry(await readFile(path('dist/testing-kit.cjs'), 'utf8'));
await writeFile(path('dist/testing-kit.cjs'), kit);
const exported = Object.keys(await import(path('build/testing/index.js'))).join(', ');
await build({
  ...common,
  stdin: {
    contents: `import { kit } from './testing-entry.mjs';\nexport const { ${exported} } = kit;`,
    resolveDir: path('scripts'),
    sourcefile: 'testing.mjs',
  },
  outfile: path('dist/testing.js'),
  outdir: undefined,
  define: { KIT_HASH: JSON.stringify(createHash('sha256').update(kit).digest('hex').slice(0, 16)) },
  external: ['./singletons.js'],
});
const others = await build({
  ...forTests,
  entryPoints: {
    'testing-vitest': path('build/testing/vitest.js'),
    'testing-thread-pool': path('build/testing/runtime/thread-pool.js'),
  },
  plugins: [sharing],
});
const workerInputs = await bundleWorker(path('build/worker/entry.js'), path('dist/worker/entry.js'), path('.'));
// The packages whose code is in the features of the guest, as bytecode in the prelude image.
const guestInputs = JSON.parse(await readFile(path('build/guest/inputs.json'), 'utf8'));
await writeFile(path('dist/worker/THIRD-PARTY-LICENSES.txt'), await licences(workerInputs));
await writeFile(
  path('dist/testing-THIRD-PARTY-LICENSES.txt'),
  await licences(Object.keys({ ...testing.metafile.inputs, ...others.metafile.inputs })),
);
await mkdir(path('dist/guest'), { recursive: true });
await writeFile(path('dist/guest/THIRD-PARTY-LICENSES.txt'), await licences(guestInputs));
await cp(path('build/guest/prelude.image'), path('dist/guest/prelude.image'));
// Beside the entry, as the code that reads it.
await cp(path('build/engine.image'), path('dist/engine.image'));
// Declarations for handlers, written by hand.
for (const name of ['index.d.ts', 'web.d.ts']) await cp(path(`src/handler/${name}`), path(`dist/handler/${name}`));
await cp(path('build'), path('dist/types'), {
  recursive: true,
  filter: (source) => !/\.[^/]+$/.test(source) || source.endsWith('.d.ts'),
});

/** Errors have one class, and `currentCall` works, whichever entry is imported. */
function shareSingletons({ onResolve }) {
  onResolve({ filter: /\/(current-call|nexus-error)\.js$/ }, () => ({ path: './singletons.js', external: true }));
}

function leaveThreadPool({ onResolve }) {
  onResolve({ filter: /\/thread-pool\.js$/ }, () => ({ path: './testing-thread-pool.js', external: true }));
}

/** A script has no imports of its own once V8 has it from a cache. */
function importThroughEntry(code) {
  const EXTERNAL = /\bimport\("(node:module|prom-client|\.\/testing-thread-pool\.js)"\)/g;
  const rewritten = code.replaceAll(EXTERNAL, 'kitImport("$1")');
  if (/\bimport\("/.test(rewritten)) throw new Error('dist/testing-kit.cjs imports something that it cannot import');
  // Only in comments: esbuild writes everything else as ASCII.
  return rewritten.replaceAll(/[^ -~\n\t]/g, '?');
}

/** It computes the same digests: a short-lived process has no time to optimise hashing code. */
function useNativeSha256({ onResolve }) {
  onResolve({ filter: /^@noble\/hashes\/sha2\.js$/ }, () => ({ path: path('scripts/native-sha256.mjs') }));
}

/** The parts that quickjs-emscripten imports dynamically are included in the same file instead of five others. */
function importEngineStatically({ onLoad }) {
  onLoad({ filter: /node_modules\/(quickjs-emscripten-core|@jitl\/quickjs-wasmfile-release-sync)\// }, async (file) => {
    const imports = [];
    const text = await readFile(file.path, 'utf8');
    const contents = text.replaceAll(/import\((["'](?:\.|@jitl)\/[^"']+["'])\)/g, (_, from) => {
      // For variants of the engine that are not used.
      if (from.includes('asyncify')) return 'Promise.reject()';
      imports.push(`import * as inlined${imports.length} from ${from};`);
      return `Promise.resolve(inlined${imports.length - 1})`;
    });
    return { contents: `${imports.join('')}${contents}`, loader: 'js' };
  });
}

/** The licence texts of all packages in a bundle. */
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
