// Bundles the package: a cold start is mostly finding, reading and linking modules, and the sources are many small files.
//
// The main thread's bundle leaves most dependencies to npm. The worker's bundle includes them, because every worker would
// resolve them again. All bundles include msgpackr, whose optional native part would bring an install script into every
// application, and tinypool, so that the file of its threads is beside our own. Licences are collected in one file.
//
// The main entry, that of a worker thread and the test kit are scripts with V8's code cache, see `entries/cached-script.mjs`: compiling
// them is most of a start. A module cannot have such a cache, and that of Node is one of the whole process, which is the application's.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { bundlePages } from './bundle-pages.mjs';
import { bundling, withoutUnusedVariants } from './worker-bundle.mjs';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** Less text to read and compile at a start. Names stay, and lines are short: Node prints the line of an error that nobody catches. */
const SLIM = { minifyWhitespace: true, minifySyntax: true, lineLimit: 120 };
/** Without maps: they would name files that are not in the package, for a third of its size. */
const common = { ...bundling, outdir: path('dist'), sourcemap: false, metafile: true };
/** What is left to npm. */
const EXTERNAL = [
  '@cfworker/json-schema',
  '@jitl/*',
  '@noble/hashes',
  '@opentelemetry/api',
  '@swc/wasm-typescript',
  'acorn',
  'bullmq',
  'ioredis',
  'ipaddr.js',
  'lru-cache',
  'pg',
  'prom-client',
  'typescript',
  'vitest',
];
/**
 * In CommonJS a module knows its file and no URL; it cannot import. It takes in what is no CommonJS itself, and
 * `lru-cache`, which every start would look for.
 */
const commonjs = {
  ...common,
  ...SLIM,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  external: EXTERNAL.filter((name) => name !== '@noble/hashes' && name !== 'lru-cache'),
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "'use strict'; const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  supported: { 'dynamic-import': false },
};
/** What `entries/testing.mjs` gives the script is there, too, when `require` loads it. */
const AS_A_MODULE =
  'if (typeof kitUrl === "undefined") { var kitUrl = require("node:url").pathToFileURL(__filename).href, ' +
  'kitImport = async (id) => require(id.replace("-pool.js", "-pool.cjs")); } ';

/** Never called. Tools that trace files (@vercel/nft) find here what is resolved by name at run time. */
const TRACED = `function resolvedByName() {
  return [import('@jitl/quickjs-wasmfile-release-sync/wasm'), import('@swc/wasm-typescript')];
}`;
/** The same for the script of the main entry, which is loaded in a way that such tools do not see. */
const TRACED_SCRIPT = 'function resolvedByName(){return import("./index.cjs")}';
const bundled = [];

// State that exists once per process. The other bundles import it.
const singletons = { singletons: path('build/runtime/singletons.js') };
await build({ ...common, entryPoints: singletons });
await build({ ...commonjs, entryPoints: singletons });
const sharing = { name: 'singletons', setup: shareSingletons };
const threadFile = { name: 'thread-file', setup: nameThreadFile };
const slimMcp = { name: 'slim-mcp', setup: slimSdkOfMcp };
const onFirstCall = { name: 'on-first-call', setup: evaluateOnFirstCall };
const entryPoints = {
  index: path('build/index.js'),
  build: path('build/build/index.js'),
  otel: path('build/otel/index.js'),
  typescript: path('build/typescript/index.js'),
  migrate: path('build/migrate/index.js'),
  'code-mode': path('build/code-mode/index.js'),
  redis: path('build/redis/index.js'),
  postgres: path('build/postgres/index.js'),
  bullmq: path('build/bullmq/index.js'),
  // No entry of the package: what `nexus mcp` loads.
  mcp: path('build/mcp/index.js'),
};
// `import` gets the script of the main entry, too.
const { index: _index, ...modules } = entryPoints;
await take({
  ...common,
  ...SLIM,
  entryPoints: modules,
  external: EXTERNAL,
  plugins: [sharing, threadFile, onFirstCall, slimMcp, { name: 'own-runtime', setup: shareRuntime }],
  splitting: true,
  // Beside the entry: the URL of the worker is relative to wherever its code ends up.
  chunkNames: '[name]-[hash]',
});
// A build step is a module: another copy of all of it would be a quarter of the package.
const { build: _, mcp: __, postgres, redis, typescript, migrate, 'code-mode': codeMode, ...required } = entryPoints;
await take({ ...commonjs, entryPoints: required, plugins: [sharing, threadFile, onFirstCall] });
// Bundles of CommonJS have no chunks in common, so entries that are mostly the same are one: two thirds of each store, and what reads handlers.
await takeTogether('stores', { postgres, redis });
await takeTogether('reading', { typescript, migrate, 'code-mode': codeMode });
await writeEntry('index', {
  of: 'index.cjs',
  exports: await import(path('build/index.js')),
  as: 'runtime',
  footer: TRACED_SCRIPT,
});
// The command and the server have no copy of the core: they import its entries as an application does.
await take({
  ...common,
  ...SLIM,
  entryPoints: { cli: path('build/cli/main.js'), server: path('build/server/index.js') },
  external: EXTERNAL,
  plugins: [{ name: 'own-entries', setup: shareEntries }, sharing],
  splitting: true,
  chunkNames: '[name]-[hash]',
});
bundled.push(...(await bundlePages(path('dist/pages'), path('.'))));
await take({
  ...common,
  entryPoints: {
    'worker/thread': fileURLToPath(import.meta.resolve('tinypool')).replace('index.js', 'entry/worker.js'),
  },
});
// Every process of tests starts it, so it takes its dependencies in, like a worker, but for those that have files of their own or that
// the application has, too. It is a script, see `entries/testing.mjs`. What most tests do without is a bundle of its own.
const forTests = { ...common, external: ['@cfworker/json-schema', 'prom-client', 'vitest'] };
await take({
  ...forTests,
  ...SLIM,
  entryPoints: { 'testing-kit': path('build/testing/index.js') },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'kitUrl' },
  plugins: [sharing, withoutUnusedVariants, onFirstCall, { name: 'own-bundle', setup: leaveThreadPool }],
});
const kit = importThroughEntry(await readFile(path('dist/testing-kit.cjs'), 'utf8'));
await writeFile(path('dist/testing-kit.cjs'), kit);
await writeEntry('testing', {
  of: 'testing-kit.cjs',
  exports: await import(path('build/testing/index.js')),
  as: 'kit',
});
await cp(path('scripts/entries/testing.cjs'), path('dist/testing.cjs'));
const storeTests = { 'testing-store': path('build/testing/store/index.js') };
const threadPool = { 'testing-thread-pool': path('build/testing/runtime/thread-pool.js') };
await take({
  ...forTests,
  ...SLIM,
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
  entryPoints: { 'worker/thread-script': path('build/worker/entry.js') },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'moduleUrl' },
  banner: {
    js: "'use strict'; const moduleUrl = require('node:url').pathToFileURL(require.resolve('./entry.js')).href;",
  },
  supported: { 'dynamic-import': false },
  plugins: [withoutUnusedVariants],
});
await writeEntry('worker', { of: 'worker/thread-script.cjs', to: 'worker/entry.js', footer: TRACED });
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

/** Several entries in one bundle; their own files name what each of them exports. */
async function takeTogether(bundle, entries) {
  const named = Object.entries(entries).map(([entry, file]) => ({ entry, file, as: entry.replaceAll('-', '_') }));
  await take({
    ...commonjs,
    stdin: {
      contents: named.map(({ file, as }) => `export * as ${as} from ${JSON.stringify(file)};`).join('\n'),
      resolveDir: path('build'),
      sourcefile: `${bundle}.mjs`,
    },
    outdir: undefined,
    outExtension: undefined,
    outfile: path(`dist/${bundle}.cjs`),
    plugins: [sharing, threadFile, onFirstCall],
  });
  for (const { entry, file, as } of named) {
    const names = Object.keys(await import(file)).join(', ');
    // An object of plain names, which Node finds without executing it.
    const text = `'use strict';\nconst { ${as}: { ${names} } } = require('./${bundle}.cjs');\nmodule.exports = { ${names} };\n`;
    await writeFile(path(`dist/${entry}.cjs`), text);
  }
}

/** What loads a script with its code cache, see `entries/`; `as` is what has its exports there. */
async function writeEntry(entry, { of, to = `${entry}.js`, exports, as, footer = '' }) {
  const text = await readFile(path(`dist/${of}`), 'utf8');
  if (/[^ -~\n\t]/.test(text)) throw new Error(`dist/${of} is not ASCII`);
  const from = JSON.stringify(`./${entry}.mjs`);
  const contents =
    exports === undefined
      ? `export { default } from ${from};`
      : `import { ${as} } from ${from};\nexport const { ${Object.keys(exports).join(', ')} } = ${as};`;
  await build({
    ...common,
    ...SLIM,
    stdin: { contents, resolveDir: path('scripts/entries'), sourcefile: `${entry}-entry.mjs` },
    outfile: path(`dist/${to}`),
    outdir: undefined,
    external: ['./singletons.js', './testing-thread-pool.js'],
    footer: { js: footer },
  });
}

/** Bundles something, and notes what is in it. */
async function take(options) {
  const { metafile } = await build(options);
  bundled.push(...Object.keys(metafile.inputs));
}

/** The declarations that the entries reach, as those of modules and, a folder beside, as those of CommonJS. */
async function writeDeclarations() {
  const entries = [
    'index',
    'build/index',
    'otel/index',
    'postgres/index',
    'redis/index',
    'testing/index',
    'testing/store/index',
    'testing/vitest',
    'testing/vitest-plugin',
    'typescript/index',
    'migrate/index',
    'code-mode/index',
    'redis/index',
    'postgres/index',
    'bullmq/index',
    'server/index',
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

/**
 * Where tinypool looks for the file of its threads: beside our own, by a literal that tools find. It loads what forks processes only when it
 * forks one, which it never does here.
 */
function nameThreadFile({ onLoad }) {
  onLoad({ filter: /node_modules\/tinypool\/dist\/index\.js$/ }, async (file) => {
    const text = await readFile(file.path, 'utf8');
    const replaced = [
      ['fileURLToPath(import.meta.url + "/../entry/worker.js")', 'new URL("./worker/thread.js", import.meta.url)'],
      ['import { fork } from "node:child_process";', ''],
      ['this.process = fork(', "this.process = process.getBuiltinModule('node:child_process').fork("],
    ];
    let contents = text;
    for (const [given, wanted] of replaced) {
      if (!contents.includes(given)) throw new Error(`tinypool has no ${given} any more`);
      contents = contents.replace(given, () => wanted);
    }
    return { contents, loader: 'js' };
  });
}

/**
 * The SDK of MCP has two checkers of JSON Schema in each of its two packages. It gets the one without code generation, which is a seventh of the
 * other. What it starts processes with is CommonJS, and takes modules of Node, which an ES module cannot require.
 */
function slimSdkOfMcp({ onLoad }) {
  onLoad({ filter: /@modelcontextprotocol\/(?:client|server)\/dist\/shimsNode\.mjs$/ }, async ({ path: file }) => {
    const names = await readdir(dirname(file));
    const provider = names.find((name) => /^cfWorkerProvider-.*\.mjs$/.test(name));
    const text = await readFile(file, 'utf8');
    const given = /import \{ n as AjvJsonSchemaValidator \} from "[^"]+";/;
    if (provider === undefined || !given.test(text)) throw new Error(`${file} is not what it was`);
    return {
      contents: text.replace(given, `import { t as AjvJsonSchemaValidator } from "./${provider}";`),
      loader: 'js',
    };
  });
  onLoad({ filter: /node_modules\/(?:cross-spawn|which|isexe)\/.*\.js$/ }, async ({ path: file }) => {
    const text = await readFile(file, 'utf8');
    const contents = text.replaceAll(/require\('(child_process|fs|path)'\)/g, "process.getBuiltinModule('node:$1')");
    return { contents, loader: 'js' };
  });
}

/** Errors are instances of one class, and `currentCall` is known, to whoever imports it from wherever. */
function shareSingletons({ initialOptions, onResolve }) {
  const path = initialOptions.format === 'cjs' ? './singletons.cjs' : './singletons.js';
  onResolve({ filter: /\/(current-call|left-behind|nexus-error)\.js$/ }, () => ({ path, external: true }));
}

/** The build step executes with the runtime of the main entry. */
function shareRuntime({ onResolve }) {
  onResolve({ filter: /^\.\.\/runtime\/runtime\.js$/ }, ({ importer }) =>
    /\/build\/build\//.test(importer) ? { path: './index.js', external: true } : undefined,
  );
}

/** Entries of the package that the command, the server and the playground import. */
function shareEntries({ onResolve }) {
  onResolve(
    { filter: /^(\.\.\/)+((index|(build|mcp|postgres|redis|testing|typescript)\/index)\.js)$/ },
    ({ path: name, importer }) => {
      if (!/\/build\/(cli|server|playground)\//.test(importer)) return undefined;
      const entry = name
        .replace(/^(\.\.\/)+/, '')
        .replace(/\/index\.js$/, '')
        .replace(/^index\.js$/, 'index');
      return { path: `./${entry}.js`, external: true };
    },
  );
}

function leaveThreadPool({ onResolve }) {
  onResolve({ filter: /\/thread-pool\.js$/ }, () => ({ path: './testing-thread-pool.js', external: true }));
}

/**
 * Evaluating semver and the inference of capabilities costs milliseconds of every start, and few processes use them. esbuild evaluates what
 * is required where it is required, also in a module.
 */
function evaluateOnFirstCall({ onResolve, onLoad }) {
  const laterIfImported = (pluginData) => (args) =>
    args.kind === 'import-statement'
      ? { path: args.path, namespace: 'on-first-call', pluginData: { ...pluginData, resolveDir: args.resolveDir } }
      : undefined;
  onResolve({ filter: /^semver\// }, laterIfImported({}));
  onResolve(
    { filter: /\/inference\/infer\.js$/ },
    laterIfImported({ file: path('build/capabilities/inference/infer.js') }),
  );
  onLoad({ filter: /./, namespace: 'on-first-call' }, async ({ path, pluginData: { file, resolveDir } }) => {
    const required = JSON.stringify(file ?? path);
    if (file === undefined)
      return { contents: `export default (...args) => require(${required})(...args);`, resolveDir };
    const functions = Object.entries(await import(file));
    const other = functions.find(([, value]) => !/^(?:async )?function/.test(String(value)));
    if (other !== undefined) throw new Error(`${file} exports ${other[0]}, which is no function`);
    const lines = functions.map(
      ([name]) => `export const ${name} = (...args) => require(${required}).${name}(...args);`,
    );
    return { contents: lines.join('\n'), resolveDir };
  });
}

/** A script has no imports of its own once V8 has it from a cache. */
function importThroughEntry(code) {
  const EXTERNAL = /\bimport\("(@cfworker\/json-schema|node:module|prom-client|\.\/testing-thread-pool\.js)"\)/g;
  const rewritten = code.replaceAll(EXTERNAL, 'kitImport("$1")');
  if (/\bimport\("/.test(rewritten)) throw new Error('dist/testing-kit.cjs imports something that it cannot');
  const STRICT = '"use strict";';
  if (!rewritten.startsWith(STRICT)) throw new Error('dist/testing-kit.cjs is not strict');
  // In comments only: what else there is esbuild writes as ASCII, so that it is read as it is.
  return `${STRICT}\n${AS_A_MODULE}${rewritten.slice(STRICT.length).trimStart()}`.replaceAll(/[^ -~\n\t]/g, '?');
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
