import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cut, MAX_REASON } from '../config/check.js';
import type { BundledExport, LibrarySource } from '../engine/library.js';
import { NexusError } from '../errors/nexus-error.js';
import { clearTimeout, setTimeout } from '../support/timers.js';
import { whenAborted } from '../support/waiting.js';
import { BundleError, type BundleFailure } from './bundle-error.js';
import { findEscape } from './contained.js';
import { describeMessage } from './describe-message.js';
import { ENTRY_FILE, entryTarget, type PlacedEntry, resolveEntries } from './entry-module.js';
import { type BuildOptions, type BuildResult, loadBundler, type Message, type Metafile } from './esbuild.js';
import { withoutNeedlessNames } from './kept-names.js';
import { Packages } from './package-of.js';
import { resolveBuiltins } from './resolve-builtins.js';

/** A library that is bundled. */
export interface BundleEntry {
  /** What handlers call it, any text. */
  readonly name: string;
  /** A package, a part of one, or a path relative to `resolveDir`; or the URL of a file. */
  readonly specifier: string | URL;
  /** The directory from which this one is found. Default: `resolveDir` of all */
  readonly resolveDir?: string | undefined;
}

export interface BundleBounds {
  /** The directory from which packages are found, and to which paths are relative. */
  readonly resolveDir: string;
  /** The largest script, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** How long bundling may take, in milliseconds. @default 60,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether there are `Buffer`, `process` and `require` where the libraries run. @default false */
  readonly hasNode?: boolean;
}

/** A file of which a part is in the script. */
export interface BundleInput {
  /** The path, relative to `resolveDir`. */
  readonly path: string;
  readonly bytes: number;
  /** The package that it is in, with its version as installed. */
  readonly package?: string | undefined;
  readonly version?: string | undefined;
  /** The names of the libraries that import it, themselves or through others. */
  readonly libraries: readonly string[];
}

/** Several libraries as one script: what they share is in it once. */
export interface LibraryBundle {
  /** The script. It assigns the namespaces of the libraries to `nexusLibraries`, as `x0`, `x1` and so on in the order of `exports`. */
  readonly source: string;
  readonly exports: readonly BundledExport[];
  readonly inputs: readonly BundleInput[];
  /** A source map of version 3, whose sources are relative to `resolveDir`. It has no texts of sources. */
  readonly sourceMap: string;
}

/** The variable that the script declares. */
const VARIABLE = 'nexusLibraries';

/** Only for libraries: a job of the same execution, which is what there is of a later turn. Packages look for it when they start. */
const SET_IMMEDIATE =
  'var setImmediate = (run, ...args) => { const job = { run }; queueMicrotask(() => job.run?.(...args)); return job; }, ' +
  'clearImmediate = (job) => { if (job) job.run = undefined; };';

const DEFAULT_TIMEOUT_MS = 60_000;
const OUTPUT = 'libraries.js';

/**
 * Bundles libraries, all into one script, with the installed esbuild. No code of a package runs: there is no plug-in but our own.
 *
 * @throws BundleError naming the library, the place and the remedy; NexusError INVALID_CONFIG without an esbuild
 */
export async function bundleLibraries(entries: readonly BundleEntry[], bounds: BundleBounds): Promise<LibraryBundle> {
  try {
    return await bundle(entries, bounds);
  } catch (error) {
    if (error instanceof BundleError && error.library === undefined) throw await withName(error, entries, bounds);
    throw error;
  }
}

/** A bundle as the base image takes it. */
export function librarySourceOf({ source, exports }: LibraryBundle): LibrarySource {
  return { name: VARIABLE, source, filename: OUTPUT, exports };
}

/** Says which of several libraries a failure is about: the first one that fails alone. */
async function withName(
  error: BundleError,
  entries: readonly BundleEntry[],
  bounds: BundleBounds,
): Promise<BundleError> {
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) return new BundleError({ ...failureOf(error), library: first.name });
  for (const entry of entries) {
    const found = await bundle([entry], bounds).then(
      () => undefined,
      (alone: unknown) => alone,
    );
    if (found instanceof BundleError) return new BundleError({ ...failureOf(found), library: entry.name });
  }
  return error;
}

function failureOf({ reason, library, place, package: of, specifier }: BundleError): BundleFailure {
  return { reason, library, place, package: of, specifier };
}

async function bundle(given: readonly BundleEntry[], bounds: BundleBounds): Promise<LibraryBundle> {
  const { resolveDir, maxBytes } = bounds;
  const packages = new Packages();
  const entries = given.map((entry) => ({
    name: entry.name,
    specifier: entry.specifier instanceof URL ? fileURLToPath(entry.specifier) : entry.specifier,
    resolveDir: entry.resolveDir ?? resolveDir,
  }));
  const { metafile, outputFiles } = await build(entries, bounds, packages);
  const escaped = await findEscape(metafile, entries, resolveDir, packages);
  if (escaped !== undefined) throw new BundleError(escaped);
  const [script, map] = ['.js', '.map'].map((ending) => outputFiles.find(({ path }) => path.endsWith(ending)));
  if (script === undefined || map === undefined) throw new BundleError({ reason: 'esbuild returned no script' });
  const reached = entries.map((_, index) => reachedFrom(index, metafile));
  const { byteLength } = script.contents;
  if (byteLength > maxBytes) {
    throw new BundleError({
      library: nameOfLargest(entries, reached, metafile),
      reason: `the libraries have ${byteLength} bytes together, of which this one has the most; maxSourceBytes is ${maxBytes}`,
    });
  }
  return {
    source: await withoutNeedlessNames(script.text),
    sourceMap: map.text,
    exports: entries.map(({ name }, index) => {
      const target = entryTarget(metafile, index);
      return { name, isCommonJs: target === undefined || metafile.inputs[target]?.format !== 'esm' };
    }),
    inputs: await inputsOf(entries, reached, metafile, resolveDir, packages),
  };
}

function optionsOf(entries: readonly PlacedEntry[], resolveDir: string, hasNode: boolean): BuildOptions {
  return {
    entryPoints: [ENTRY_FILE],
    absWorkingDir: resolveDir,
    outfile: resolve(resolveDir, OUTPUT),
    bundle: true,
    write: false,
    format: 'iife',
    globalName: VARIABLE,
    platform: 'browser',
    // Decorators are no part of what the engine knows.
    target: 'es2024',
    charset: 'utf8',
    legalComments: 'none',
    keepNames: true,
    metafile: true,
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
    // A file of that name in a package has no say.
    tsconfigRaw: {},
    banner: { js: SET_IMMEDIATE },
    // As Node does without the variable.
    define: { 'process.env.NODE_ENV': '"development"' },
    plugins: [resolveEntries(entries), resolveBuiltins(resolveDir, hasNode)],
  };
}

type Built = BuildResult<{ metafile: true; write: false }>;

async function build(
  entries: readonly PlacedEntry[],
  { resolveDir, timeoutMs = DEFAULT_TIMEOUT_MS, signal, hasNode = false }: BundleBounds,
  packages: Packages,
): Promise<Built> {
  signal?.throwIfAborted();
  const bundler = loadBundler(resolveDir);
  const context = await bundler.context(optionsOf(entries, resolveDir, hasNode)).catch((error: unknown) => {
    throw unusable(error);
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void context.cancel();
  }, timeoutMs);
  const release = whenAborted(signal, () => void context.cancel());
  try {
    return (await context.rebuild()) as Built;
  } catch (error) {
    signal?.throwIfAborted();
    if (isLate) throw new BundleError({ reason: `bundling takes longer than ${timeoutMs} ms` });
    const [message] = (error as { readonly errors?: readonly Message[] }).errors ?? [];
    if (message === undefined) throw unusable(error);
    throw new BundleError(await describeMessage(message, entries, resolveDir, packages));
  } finally {
    clearTimeout(timer);
    release();
    await context.dispose();
  }
}

/** Esbuild is there, and does not run: its binary is missing, or processes are forbidden. */
function unusable(error: unknown): NexusError {
  const reason = cut(error instanceof Error ? error.message : String(error), MAX_REASON);
  return new NexusError('INVALID_CONFIG', `The installed esbuild cannot be started: ${reason}`, {
    context: { package: 'esbuild' },
    cause: error,
  });
}

/** The files that are reached from an entry. */
function reachedFrom(index: number, metafile: Metafile): Set<string> {
  const reached = new Set<string>();
  const waiting = [entryTarget(metafile, index)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const imported of metafile.inputs[path]?.imports ?? []) if (!imported.external) waiting.push(imported.path);
  }
  return reached;
}

function nameOfLargest(
  entries: readonly PlacedEntry[],
  reached: readonly ReadonlySet<string>[],
  { inputs }: Metafile,
): string | undefined {
  const sizes = reached.map((paths) => [...paths].reduce((bytes, path) => bytes + (inputs[path]?.bytes ?? 0), 0));
  return entries[sizes.indexOf(Math.max(...sizes))]?.name;
}

async function inputsOf(
  entries: readonly PlacedEntry[],
  reached: readonly ReadonlySet<string>[],
  metafile: Metafile,
  resolveDir: string,
  packages: Packages,
): Promise<BundleInput[]> {
  const inputs: BundleInput[] = [];
  for (const [path, { bytes }] of Object.entries(metafile.inputs)) {
    if (path === ENTRY_FILE) continue;
    const of = await packages.of(resolve(resolveDir, path));
    const libraries = entries.filter((_, index) => reached[index]?.has(path)).map(({ name }) => name);
    inputs.push({ path, bytes, package: of?.name, version: of?.version, libraries });
  }
  return inputs;
}
