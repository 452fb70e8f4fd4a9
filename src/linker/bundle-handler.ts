import path from 'node:path';

import type { BuildFailure, BuildOptions, BuildResult, Metafile } from 'esbuild';
import type { WasmError } from '../api/result.js';
import { BundleError } from '../bundler/bundle-error.js';
import { findEscape } from '../bundler/contained.js';
import { type Bundler, loadBundler } from '../bundler/esbuild.js';
import { insteadOfBuiltin, isNodeBuiltin } from '../bundler/node-builtins.js';
import { Packages } from '../bundler/package-of.js';
import { resolveBuiltins } from '../bundler/resolve-builtins.js';
import { LIBRARY_SCHEME } from '../source/forms/source-shape.js';
import { clearTimeout, setTimeout } from '../support/timers.js';
import type { ImportProblem } from './import-problem.js';
import { describeLinkError, fileOf, isOwn, UNBUNDLED } from './link-errors.js';
import type { LinkerConfig } from './linker-config.js';
import type { ModuleFiles } from './module-files.js';
import { type LinkUnit, ownModules } from './own-modules.js';

/** Longer than any handler takes; a hostile source is stopped. */
const LINK_TIMEOUT_MS = 20_000;
const LARGEST_TOLD = 3;

/** The end of a source map in which no name was changed. */
const NO_NAMES = /"names":\s*\[\]\s*\}\s*$/;
const NAMES_END = 64;
/** The bundler writes a class that mentions itself as `A = class _A`, and its map does not say so. */
const RENAMED_CLASS = '= class _';

const OPTIONS = {
  entryPoints: [{ in: 'handler', out: 'handler' }],
  bundle: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'browser',
  target: 'esnext',
  charset: 'utf8',
  sourcemap: 'external',
  // Those of packages are large, and the handler's own are at hand.
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'silent',
  logOverride: { [UNBUNDLED]: 'error' },
  // By other names, packages look for it with `Function('return this')`.
  define: { 'process.env.NODE_ENV': '"development"', global: 'globalThis', self: 'globalThis' },
  // Those of the host's folders are not the handler's.
  tsconfigRaw: '{}',
} as const satisfies BuildOptions;

type Bundled = BuildResult<typeof OPTIONS>;

/** A handler with all that it imports, apart from libraries of the image. */
export interface LinkedHandler {
  readonly ok: true;
  readonly source: string;
  /** From the linked text to the files of which it was made. */
  readonly sourceMap: string;
  /** Names of the libraries that it imports. */
  readonly libraries: readonly string[];
  /** Paths of what is in it. */
  readonly files: readonly string[];
}

export type LinkOutcome = LinkedHandler | { readonly ok: false; readonly error: WasmError };

/** @throws NexusError INVALID_CONFIG if there is no bundler */
export async function bundleHandler(source: string, filename: string, config: LinkerConfig): Promise<LinkOutcome> {
  const unit: LinkUnit = { source, path: pathOf(filename, config.folder) };
  const texts = new Map([[unit.path, source]]);
  const files = config.files && remembering(config.files, texts);
  const { resolveDir } = config;
  const alternativeTo = (name: string) => (isNodeBuiltin(name) ? insteadOfBuiltin(name) : undefined);
  const bundler = loadBundler(resolveDir);
  const bundleAs = (modules?: ReadonlySet<string>) => {
    const plugins = [ownModules(unit, { ...config, files, alternativeTo, modules }), resolveBuiltins(resolveDir)];
    return bundle(bundler, {
      ...OPTIONS,
      absWorkingDir: resolveDir,
      // Names of files in the map are relative to it.
      outdir: resolveDir,
      plugins,
      keepNames: modules !== undefined,
    });
  };
  let outcome = await bundleAs();
  if ('metafile' in outcome && differs(outcome)) outcome = await bundleAs(modulesIn(outcome.metafile));
  if ('errors' in outcome && !('outputFiles' in outcome)) return failed(outcome, unit, texts);
  return await linked(outcome as Bundled, config, texts);
}

async function bundle(
  bundler: Bundler,
  options: BuildOptions & typeof OPTIONS,
): Promise<Bundled | Pick<BuildFailure, 'errors'>> {
  const context = await bundler.context(options);
  let isLate = false;
  const timeout = setTimeout(() => {
    isLate = true;
    void context.cancel();
  }, LINK_TIMEOUT_MS).unref();
  try {
    return (await context.rebuild()) as Bundled;
  } catch (error) {
    if (isLate) return { errors: [] };
    if (error instanceof Error && 'errors' in error) return error as BuildFailure;
    throw error;
  } finally {
    clearTimeout(timeout);
    await context.dispose();
  }
}

/**
 * Whether a simple bundle may do something else than the modules in it: names of functions and classes were changed, or a module
 * imports CommonJS. Most bundles do neither, and are smaller and faster so.
 */
function differs({ metafile, outputFiles }: Bundled): boolean {
  const map = outputFiles.find(({ path: file }) => file.endsWith('.map'));
  // perf: the whole map may be long. Names come last.
  if (map !== undefined && !NO_NAMES.test(Buffer.from(map.contents.subarray(-NAMES_END)).toString('latin1')))
    return true;
  const text = outputFiles.find(({ path: file }) => !file.endsWith('.map'));
  if (
    text !== undefined &&
    Buffer.from(text.contents.buffer, text.contents.byteOffset, text.contents.length).includes(RENAMED_CLASS)
  )
    return true;
  return Object.entries(metafile.inputs).some(
    ([file, { format, imports }]) =>
      isOwn(file) && format === 'esm' && imports.some(({ path: name }) => metafile.inputs[name]?.format === 'cjs'),
  );
}

function modulesIn({ inputs }: Metafile): ReadonlySet<string> {
  const modules = Object.entries(inputs).filter(([file, { format }]) => isOwn(file) && format === 'esm');
  return new Set(modules.map(([file]) => fileOf(file)));
}

function failed(
  { errors }: Pick<BuildFailure, 'errors'>,
  { path: own }: LinkUnit,
  texts: ReadonlyMap<string, string>,
): LinkOutcome {
  const [error = { text: `it took longer than ${LINK_TIMEOUT_MS / 1000} s`, location: null, detail: undefined }] =
    errors;
  return { ok: false, error: describeLinkError(error, own, (file) => texts.get(file)) };
}

async function linked(
  { outputFiles, metafile }: Bundled,
  config: LinkerConfig,
  texts: ReadonlyMap<string, string>,
): Promise<LinkOutcome> {
  const code = outputFiles.find(({ path: file }) => file.endsWith('.js'));
  const map = outputFiles.find(({ path: file }) => file.endsWith('.map'));
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  if (code === undefined || map === undefined || output === undefined) throw new TypeError('the bundler wrote nothing');
  const inputs = Object.keys(metafile.inputs);
  const { resolveDir, maxSourceBytes } = config;
  const leak = await findEscape(withoutLibraries(metafile), [], resolveDir, new Packages());
  if (leak !== undefined) return refused(new BundleError(leak).message, leak.specifier ?? '', 'outside');
  const problem = await config.check.check(inputs.filter((input) => !isOwn(input)));
  if (problem !== undefined) return refused(problem.message, problem.name, 'version');
  const bytes = code.contents.length;
  if (bytes > maxSourceBytes) return { ok: false, error: tooLarge(bytes, maxSourceBytes, output) };
  return {
    ok: true,
    source: code.text,
    sourceMap: withTexts(map.text, texts),
    libraries: librariesOf(output),
    files: inputs.map((input) => fileOf(input)),
  };
}

function refused(message: string, specifier: string, reason: ImportProblem['reason']): LinkOutcome {
  const detail: ImportProblem = { reason, specifier, message };
  return { ok: false, error: describeLinkError({ text: message, location: null, detail }, '', () => undefined) };
}

/** What packages import of the image is no file of theirs. */
function withoutLibraries({ inputs, ...rest }: Metafile): Metafile {
  const files = Object.entries(inputs).map(([file, input]) => {
    const imports = input.imports.filter(({ path: name }) => !name.startsWith(LIBRARY_SCHEME));
    // What own files import of packages is checked as well.
    return [fileOf(file), { ...input, imports }];
  });
  return { ...rest, inputs: Object.fromEntries(files) as Metafile['inputs'] };
}

function librariesOf({ imports }: Metafile['outputs'][string]): string[] {
  const names = imports.filter(({ path: name }) => name.startsWith(LIBRARY_SCHEME));
  return [...new Set(names.map(({ path: name }) => name.slice(LIBRARY_SCHEME.length)))].sort();
}

function tooLarge(bytes: number, maxSourceBytes: number, { inputs }: Metafile['outputs'][string]): WasmError {
  const largest = Object.entries(inputs)
    .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    .slice(0, LARGEST_TOLD)
    .map(([file, { bytesInOutput }]) => `${fileOf(file)} ${bytesInOutput}`);
  return {
    code: 'INVALID_HANDLER',
    message: `The handler and what it imports have ${bytes} bytes; maxSourceBytes is ${maxSourceBytes}. The largest are ${largest.join(', ')}.`,
    context: { limit: 'maxSourceBytes', value: maxSourceBytes, bytes },
  };
}

/** With names of files as the author knows them, and the texts of the handler's own. */
function withTexts(sourceMap: string, texts: ReadonlyMap<string, string>): string {
  const map = JSON.parse(sourceMap) as { sources: string[] };
  const sources = map.sources.map((file) => fileOf(file));
  const sourcesContent = map.sources.map((file, index) =>
    isOwn(file) ? (texts.get(sources[index] as string) ?? null) : null,
  );
  return JSON.stringify({ ...map, sources, sourcesContent });
}

/** @param texts receives what is read */
function remembering(files: ModuleFiles, texts: Map<string, string>): ModuleFiles {
  return {
    find: (file) => files.find(file),
    async read(file, maxBytes) {
      const text = await files.read(file, maxBytes);
      texts.set(file, text);
      return text;
    },
  };
}

/** The path of a handler among its files, by its name. */
function pathOf(filename: string, folder: string | undefined): string {
  const relative = folder !== undefined && path.isAbsolute(filename) ? path.relative(folder, filename) : filename;
  const normalised = path.posix.normalize(relative.replaceAll(path.sep, '/')).replace(/^(?:\.\.?\/|\/)+/, '');
  return normalised === '' || normalised === '.' ? 'handler.js' : normalised;
}
