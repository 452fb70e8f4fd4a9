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
import { type BuildOptions, type BuildResult, loadBundler, type Message, type Metafile } from './esbuild.js';
import { Packages } from './package-of.js';
import { resolveBuiltins } from './resolve-builtins.js';

/** A library that is bundled. */
export interface BundleEntry {
  /** What handlers call it, any text. */
  readonly name: string;
  /** A package, a part of one, or a path relative to `resolveDir`; or the URL of a file. */
  readonly specifier: string | URL;
}

export interface BundleBounds {
  /** The directory from which packages are found, and to which paths are relative. */
  readonly resolveDir: string;
  /** The largest script, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** How long bundling may take, in milliseconds. @default 60,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
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

const DEFAULT_TIMEOUT_MS = 60_000;
const NAMESPACE = 'nexus-entry';
/** The ending has the rules of Node for what is imported from a CommonJS module. */
const ENTRY = 'libraries.mjs';
const ENTRY_FILE = `${NAMESPACE}:${ENTRY}`;
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

async function bundle(entries: readonly BundleEntry[], bounds: BundleBounds): Promise<LibraryBundle> {
  const { resolveDir, maxBytes } = bounds;
  const packages = new Packages();
  const specifiers = entries.map(({ specifier }) => (specifier instanceof URL ? fileURLToPath(specifier) : specifier));
  const { metafile, outputFiles } = await build(optionsOf(specifiers, resolveDir), entries, bounds, packages);
  const escape = await findEscape(metafile, ENTRY_FILE, resolveDir, packages);
  if (escape !== undefined) throw new BundleError(escape);
  const [script, map] = ['.js', '.map'].map((ending) => outputFiles.find(({ path }) => path.endsWith(ending)));
  if (script === undefined || map === undefined) throw new BundleError({ reason: 'esbuild returned no script' });
  const { byteLength } = script.contents;
  if (byteLength > maxBytes) {
    throw new BundleError({
      library: entries.length === 1 ? entries[0]?.name : nameOfLargest(entries, specifiers, metafile),
      reason: `the libraries have ${byteLength} bytes together; maxSourceBytes is ${maxBytes}. This one is the largest`,
    });
  }
  return {
    source: script.text,
    sourceMap: map.text,
    exports: entries.map(({ name }, index) => {
      const target = targetOf(specifiers[index] ?? '', metafile);
      return { name, isCommonJs: target === undefined || metafile.inputs[target]?.format !== 'esm' };
    }),
    inputs: await inputsOf(entries, specifiers, metafile, resolveDir, packages),
  };
}

function optionsOf(specifiers: readonly string[], resolveDir: string): BuildOptions {
  const imports = specifiers.map((specifier, index) => `import * as x${index} from ${JSON.stringify(specifier)};`);
  const contents = `${imports.join('\n')}\nexport { ${specifiers.map((_, index) => `x${index}`).join(', ')} };\n`;
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
    // As Node does without the variable.
    define: { 'process.env.NODE_ENV': '"development"' },
    plugins: [
      resolveBuiltins(resolveDir),
      {
        name: 'nexus-runtime-entry',
        setup(build) {
          build.onResolve({ filter: new RegExp(`^${ENTRY_FILE}$`) }, ({ kind }) =>
            kind === 'entry-point' ? { path: ENTRY, namespace: NAMESPACE } : undefined,
          );
          build.onLoad({ filter: /./, namespace: NAMESPACE }, () => ({ contents, resolveDir, loader: 'js' }));
        },
      },
    ],
  };
}

type Built = BuildResult<{ metafile: true; write: false }>;

async function build(
  options: BuildOptions,
  entries: readonly BundleEntry[],
  { resolveDir, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: BundleBounds,
  packages: Packages,
): Promise<Built> {
  signal?.throwIfAborted();
  const bundler = loadBundler(resolveDir);
  const context = await bundler.context(options).catch((error: unknown) => {
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
    const { entryLine, ...failure } = await describeMessage(message, ENTRY_FILE, resolveDir, packages);
    throw new BundleError({ ...failure, library: entryLine === undefined ? undefined : entries[entryLine - 1]?.name });
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

function targetOf(specifier: string, { inputs }: Metafile): string | undefined {
  return inputs[ENTRY_FILE]?.imports.find(({ original }) => original === specifier)?.path;
}

/** The files that are reached from an entry. */
function reachedFrom(specifier: string, metafile: Metafile): Set<string> {
  const reached = new Set<string>();
  const waiting = [targetOf(specifier, metafile)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const imported of metafile.inputs[path]?.imports ?? []) if (!imported.external) waiting.push(imported.path);
  }
  return reached;
}

function nameOfLargest(entries: readonly BundleEntry[], specifiers: readonly string[], metafile: Metafile): string {
  const sizes = specifiers.map((specifier) => {
    let bytes = 0;
    for (const path of reachedFrom(specifier, metafile)) bytes += metafile.inputs[path]?.bytes ?? 0;
    return bytes;
  });
  return entries[sizes.indexOf(Math.max(...sizes))]?.name ?? '';
}

async function inputsOf(
  entries: readonly BundleEntry[],
  specifiers: readonly string[],
  metafile: Metafile,
  resolveDir: string,
  packages: Packages,
): Promise<BundleInput[]> {
  const reached = specifiers.map((specifier) => reachedFrom(specifier, metafile));
  const inputs: BundleInput[] = [];
  for (const [path, { bytes }] of Object.entries(metafile.inputs)) {
    if (path === ENTRY_FILE) continue;
    const of = await packages.of(resolve(resolveDir, path));
    const libraries = entries.filter((_, index) => reached[index]?.has(path)).map(({ name }) => name);
    inputs.push({ path, bytes, package: of?.name, version: of?.version, libraries });
  }
  return inputs;
}
