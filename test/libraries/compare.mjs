import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

const OPTIONS = { cacheDir: false, memoryLimitBytes: 256 * 2 ** 20, timeoutMs: 60_000 };

/**
 * Runs a row of the table in Node and in a handler.
 *
 * @param directory where its packages are installed
 * @param importer a module in there, see `import-from.mjs`
 * @returns `{ status, reason }`: `'published'` if the file that `require` finds works as it is, `'bundled'` or `'cannot'`
 */
export async function compare(row, { createTestRuntime, needsBundling, directory, importer }) {
  const names = row.libraries ?? (row.prepare === undefined ? { it: row.package } : {});
  const execute = (libraries) => executeIn(createTestRuntime, { ...libraries, ...prepared }, row.run);
  let prepared;
  let expected;
  try {
    prepared = row.prepare?.(await loadAll(row.host ?? {}, importer)) ?? {};
    const libraries = withPrepared(row.noReference ? {} : await loadAll(names, importer), prepared);
    if (!row.noReference) expected = structuredClone(await row.run(libraries));
  } catch (error) {
    throw new Error(`the program of ${row.title ?? row.package} fails in Node: ${error.stack}`, { cause: error });
  }
  const packages = Object.entries(names).map(([name, specifier]) => [name, { package: specifier, from: directory }]);
  const { error, returnValue } = await execute(Object.fromEntries(packages));
  if (error !== undefined) return { status: 'cannot', reason: error };
  if (!row.noReference && !isDeepStrictEqual(returnValue, expected)) {
    const reason = `returns ${JSON.stringify(returnValue)} instead of ${JSON.stringify(expected)}`;
    return { status: 'differs', reason };
  }
  return { status: (await worksAsPublished()) ? 'published' : 'bundled' };

  async function worksAsPublished() {
    const files = {};
    for (const [name, specifier] of Object.entries(names)) {
      const file = published(specifier, directory);
      if (file === undefined || needsBundling(readFileSync(file, 'utf8'), file)) return false;
      files[name] = { file };
    }
    const unbundled = await execute(files);
    return unbundled.error === undefined && isDeepStrictEqual(unbundled.returnValue, expected);
  }
}

async function executeIn(createTestRuntime, libraries, run) {
  let runtime;
  try {
    runtime = await createTestRuntime({ ...OPTIONS, libraries });
    const { error, returnValue } = await runtime.executeHandler(`return (${run})($lib)`);
    return error === undefined ? { returnValue } : { error: error.message };
  } catch (error) {
    return { error: error.message };
  } finally {
    await runtime?.shutdown();
  }
}

/** The file that `require` finds. */
function published(specifier, directory) {
  try {
    return createRequire(join(directory, 'from.js')).resolve(specifier);
  } catch {
    return undefined;
  }
}

/** Modules as `$lib` has them: `module.exports` of CommonJS, or a namespace. */
async function loadAll(names, { importFrom, resolveFrom }) {
  const loaded = {};
  for (const [name, specifier] of Object.entries(names)) {
    const namespace = await importFrom(specifier);
    loaded[name] = isCommonJs(fileURLToPath(resolveFrom(specifier))) ? namespace.default : namespace;
  }
  return loaded;
}

function isCommonJs(file) {
  if (!file.endsWith('.js')) return file.endsWith('.cjs');
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type !== 'module';
  }
}

/** What the host prepared is CommonJS text, as for a runtime. */
function withPrepared(libraries, prepared) {
  const all = { ...libraries };
  for (const [name, { source }] of Object.entries(prepared)) {
    const module = { exports: {} };
    new Function('module', 'exports', '$lib', source)(module, module.exports, all);
    all[name] = module.exports;
  }
  return all;
}
