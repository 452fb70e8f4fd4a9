// Bundles the package: a cold start is mostly finding, reading and linking modules, and the sources are many small files.
//
// The main thread's bundle leaves most dependencies to npm. The worker's bundle includes them, because every worker would
// resolve them again. All bundles include msgpackr, whose optional native part would bring an install script into every
// application, and tinypool, so that the file of its threads is beside our own. Licences are collected in one file.
//
// The test kit is a script with V8's code cache, see `testing-entry.mjs`: without the cache its first result takes 50 to 80 ms
// more of 160 to 230 ms of processor time. A plain module, and Node's own compile cache, take 45 to 65 ms more.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { bundling, withoutUnusedVariants } from './worker-bundle.mjs';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** Less text to read and compile at a start. Names stay, and lines are short: Node prints the line of an error that nobody catches. */
const SLIM = { minifyWhitespace: true, minifySyntax: true, lineLimit: 120 };
const common = { ...bundling, outdir: path('dist'), sourcesContent: false, metafile: true };
/** What is left to npm. */
const EXTERNAL = [
  '@cfworker/json-schema',
  '@jitl/*',
  '@noble/hashes',
  '@opentelemetry/api',
  '@swc/wasm-typescript',
  'acorn',
  'ipaddr.js',
  'lru-cache',
  'prom-client',
  'typescript',
  'vitest',
];
/** In CommonJS a module knows its file and no URL; it cannot import, and it takes in what is no CommonJS itself. */
const commonjs = {
  ...common,
  ...SLIM,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  external: EXTERNAL.filter((name) => name !== '@noble/hashes'),
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  supported: { 'dynamic-import': false },
};
/** What `testing-entry.mjs` gives the script is there, too, when `require` loads it. On the line of the first statement: the map counts lines. */
const AS_A_MODULE =
  'if (typeof kitUrl === "undefined") { var kitUrl = require("node:url").pathToFileURL(__filename).href, ' +
  'kitImport = async (id) => require(id.replace("-pool.js", "-pool.cjs")); } ';

/** Never called. Tools that trace files (@vercel/nft) find here what is resolved by name at run time. */
const TRACED = `function resolvedByName() {
  return [import('@jitl/quickjs-wasmfile-release-sync/wasm'), import('@swc/wasm-typescript')];
}`;
const bundled = [];

// State that exists once per process. The other bundles import it.
const singletons = { singletons: path('build/runtime/singletons.js') };
await build({ ...common, entryPoints: singletons });
await build({ ...commonjs, entryPoints: singletons });
const sharing = { name: 'singletons', setup: shareSingletons };
const threadFile = { name: 'thread-file', setup: nameThreadFile };
const onFirstCall = { name: 'on-first-call', setup: evaluateOnFirstCall };
const entryPoints = {
  index: path('build/index.js'),
  build: path('build/build/index.js'),
  otel: path('build/otel/index.js'),
  typescript: path('build/typescript/index.js'),
  migrate: path('build/migrate/index.js'),
  'code-mode': path('build/code-mode/index.js'),
};
// What all of them have in common would be many small files, and each one costs half a millisecond at a start: the main entry has its own.
const { index, ...further } = entryPoints;
for (const entries of [{ index }, further])
  await take({
    ...common,
    ...SLIM,
    entryPoints: entries,
    external: EXTERNAL,
    plugins: [sharing, threadFile, onFirstCall],
    splitting: true,
    // Beside the entry: the URL of the worker is relative to wherever its code ends up.
    chunkNames: '[name]-[hash]',
  });
// A build step is a module: another copy of all of it would be a quarter of the package. Bundles of CommonJS have no chunks in common, so the
// entries that read handlers are one, and their own files name what each of them exports.
const { build: _, typescript, migrate, 'code-mode': codeMode, ...required } = entryPoints;
const reading = { typescript, migrate, 'code-mode': codeMode };
await take({ ...commonjs, entryPoints: required, plugins: [sharing, threadFile, onFirstCall] });
await take({
  ...commonjs,
  stdin: {
    contents: Object.entries(reading)
      .map(([name, file]) => `export * as ${nameOf(name)} from ${JSON.stringify(file)};`)
      .join('\n'),
    resolveDir: path('scripts'),
    sourcefile: 'reading.mjs',
  },
  outdir: undefined,
  outfile: path('dist/reading.cjs'),
  plugins: [sharing, threadFile, onFirstCall],
});
for (const [name, file] of Object.entries(reading)) {
  const names = Object.keys(await import(file)).join(', ');
  // An object of plain names, which Node finds without executing it.
  const text = `const { ${nameOf(name)}: { ${names} } } = require('./reading.cjs');\nmodule.exports = { ${names} };\n`;
  await writeFile(path(`dist/${name}.cjs`), text);
}
await take({
  ...common,
  entryPoints: {
    'worker/thread': fileURLToPath(import.meta.resolve('tinypool')).replace('index.js', 'entry/worker.js'),
  },
});
// Every process of tests starts it, so it takes its dependencies in, like a worker, but for those that have files of their own or that
// the application has, too. It is a script, see `testing-entry.mjs`. What most tests do without is a bundle of its own.
const forTests = { ...common, external: ['@cfworker/json-schema', 'prom-client', 'vitest'] };
await take({
  ...forTests,
  entryPoints: { 'testing-kit': path('build/testing/index.js') },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'kitUrl' },
  plugins: [sharing, withoutUnusedVariants, onFirstCall, { name: 'own-bundle', setup: leaveThreadPool }],
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
  external: ['./singletons.js', './testing-thread-pool.js'],
});
await cp(path('scripts/testing-entry.cjs'), path('dist/testing.cjs'));
const storeTests = { 'testing-store': path('build/testing/store/index.js') };
const threadPool = { 'testing-thread-pool': path('build/testing/runtime/thread-pool.js') };
await take({
  ...forTests,
  entryPoints: {
    'testing-vitest': path('build/testing/vitest.js'),
    'testing-vitest-plugin': path('build/testing/vitest-plugin.js'),
    ...threadPool,
    ...storeTests,
  },
  plugins: [sharing, threadFile],
});
await take({ ...commonjs, entryPoints: { ...threadPool, ...storeTests }, plugins: [sharing, threadFile] });
await take({
  ...common,
  ...SLIM,
  entryPoints: { 'worker/entry': path('build/worker/entry.js') },
  plugins: [withoutUnusedVariants],
  footer: { js: TRACED },
});
await mkdir(path('dist/guest'), { recursive: true });
await cp(path('build/guest/prelude.image'), path('dist/guest/prelude.image'));
await cp(path('build/guest/node-library.txt'), path('dist/guest/node-library.txt'));
// Beside the entry, as the code that reads it.
await cp(path('build/engine.image'), path('dist/engine.image'));
// Declarations for handlers, written by hand.
for (const name of ['index.d.ts', 'web.d.ts']) await cp(path(`src/handler/${name}`), path(`dist/handler/${name}`));
// The packages whose code is in the guest: its features, as bytecode in the prelude image, and the library of the option `node`.
bundled.push(...JSON.parse(await readFile(path('build/guest/inputs.json'), 'utf8')));
await writeFile(path('dist/THIRD-PARTY-LICENSES.txt'), await licences(bundled));
await writeDeclarations();

/** Bundles something, and notes what is in it. */
async function take(options) {
  const { metafile } = await build(options);
  bundled.push(...Object.keys(metafile.inputs));
}

function nameOf(entry) {
  return entry.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/** The declarations that the entries reach, as those of modules and, a folder beside, as those of CommonJS. */
async function writeDeclarations() {
  const entries = [
    'index',
    'build/index',
    'otel/index',
    'testing/index',
    'testing/store/index',
    'testing/vitest',
    'testing/vitest-plugin',
    'typescript/index',
    'migrate/index',
    'code-mode/index',
  ];
  const reached = new Set(entries.map((name) => `${name}.d.ts`));
  for (const file of reached) {
    const text = await readFile(path(`build/${file}`), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import)\s*\(?['"](\.[^'"]+)\.js['"]/g))
      reached.add(join(dirname(file), `${name}.d.ts`));
    for (const folder of ['dist/types', 'dist/types-cjs']) {
      await mkdir(dirname(path(`${folder}/${file}`)), { recursive: true });
      await writeFile(path(`${folder}/${file}`), text.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '\n'));
    }
  }
  await writeFile(path('dist/types-cjs/package.json'), '{ "type": "commonjs" }\n');
}

/** Where tinypool looks for the file of its threads: beside our own, by a literal that tools find. */
function nameThreadFile({ onLoad }) {
  onLoad({ filter: /node_modules\/tinypool\/dist\/index\.js$/ }, async (file) => {
    const text = await readFile(file.path, 'utf8');
    const contents = text.replace(
      'fileURLToPath(import.meta.url + "/../entry/worker.js")',
      'new URL("./worker/thread.js", import.meta.url)',
    );
    if (contents === text) throw new Error('tinypool names the file of its threads in another way');
    return { contents, loader: 'js' };
  });
}

/** Errors are instances of one class, and `currentCall` is known, to whoever imports it from wherever. */
function shareSingletons({ initialOptions, onResolve }) {
  const path = initialOptions.format === 'cjs' ? './singletons.cjs' : './singletons.js';
  onResolve({ filter: /\/(current-call|left-behind|nexus-error)\.js$/ }, () => ({ path, external: true }));
}

function leaveThreadPool({ onResolve }) {
  onResolve({ filter: /\/thread-pool\.js$/ }, () => ({ path: './testing-thread-pool.js', external: true }));
}

/**
 * Evaluating semver costs 2 to 3 ms of every start, and few options have a range of versions. esbuild evaluates what is required
 * where it is required, also in a module.
 */
function evaluateOnFirstCall({ onResolve, onLoad }) {
  onResolve({ filter: /^semver\// }, ({ kind, path, resolveDir }) =>
    kind === 'import-statement' ? { path, namespace: 'on-first-call', pluginData: { resolveDir } } : undefined,
  );
  onLoad({ filter: /./, namespace: 'on-first-call' }, ({ path, pluginData: { resolveDir } }) => ({
    contents: `export default (...args) => require(${JSON.stringify(path)})(...args);`,
    resolveDir,
  }));
}

/** A script has no imports of its own once V8 has it from a cache. */
function importThroughEntry(code) {
  const EXTERNAL = /\bimport\("(@cfworker\/json-schema|node:module|prom-client|\.\/testing-thread-pool\.js)"\)/g;
  const rewritten = code.replaceAll(EXTERNAL, 'kitImport("$1")');
  if (/\bimport\("/.test(rewritten)) throw new Error('dist/testing-kit.cjs imports something that it cannot');
  if (!rewritten.startsWith('"use strict";\n')) throw new Error('dist/testing-kit.cjs is not strict');
  // In comments only: what else there is esbuild writes as ASCII, so that it is read as it is.
  return rewritten.replaceAll(/[^ -~\n\t]/g, '?').replace('\n', `\n${AS_A_MODULE}`);
}

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
