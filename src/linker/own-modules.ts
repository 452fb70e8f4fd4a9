import path from 'node:path';

import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { packageNameOf } from '../bundler/package-of.js';
import type { ListedPackage } from '../config/listed-package.js';
import { nearest } from '../config/nearest.js';
import { LIBRARY_SCHEME } from '../source/forms/source-shape.js';
import { type ImportProblem, problem } from './import-problem.js';
import type { LibraryNames } from './library-names.js';
import { candidatesFor, type FoundFile, leadsOut, type ModuleFiles } from './module-files.js';
import { isBare } from './specifier.js';

/** Of the handler itself and of files that it may import. */
export const OWN = 'own';
/** Own files that are modules, by a path with {@link MODULE_ENDING}: what they import of CommonJS follows the rules of Node. */
export const OWN_MODULE = 'own-module';
export const MODULE_ENDING = '.mjs';
/** A library, for CommonJS code that requires it. */
const LIBRARY = 'library';

const LOADERS = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.json': 'json',
} as const;
const ASKED = Symbol('asked by this plug-in');
const MAX_NAMES_TOLD = 10;
const OUTSIDE = { kind: 'outside' } as const;
const NOTHING = { kind: 'missing', names: [] } as const satisfies FoundFile;

export interface LinkUnit {
  readonly source: string;
  /** Path of the handler among the files that it may import. */
  readonly path: string;
}

export interface OwnModulesOptions {
  readonly files: ModuleFiles | undefined;
  readonly packages: readonly ListedPackage[];
  /** Libraries in the image: an import of one of them is bound when the handler runs. */
  readonly libraries: LibraryNames;
  /** Where packages are looked for. */
  readonly resolveDir: string;
  readonly maxSourceBytes: number;
  /** Own files of which an earlier bundle has shown that they are modules. */
  readonly modules?: ReadonlySet<string> | undefined;
  /** What is there instead of a builtin of Node; undefined for other names. */
  alternativeTo(specifier: string): string | undefined;
}

/** Finds the handler's own files, and decides what else it may import. Packages themselves are found by another plugin, behind this one. */
export function ownModules(unit: LinkUnit, options: OwnModulesOptions): Plugin {
  return {
    name: 'own-modules',
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => resolve(args, unit, options, build));
      build.onLoad({ filter: /.*/, namespace: OWN }, (args) => load(args.path, unit, options));
      build.onLoad({ filter: /.*/, namespace: OWN_MODULE }, (args) => load(withoutEnding(args.path), unit, options));
      build.onLoad({ filter: /.*/, namespace: LIBRARY }, ({ path: name }) => ({
        contents: `module.exports = $lib[${JSON.stringify(name)}];`,
        loader: 'js',
      }));
    },
  };
}

async function resolve(
  args: OnResolveArgs,
  unit: LinkUnit,
  options: OwnModulesOptions,
  build: PluginBuild,
): Promise<OnResolveResult | undefined> {
  const { path: specifier, kind, importer, namespace } = args;
  if (args.pluginData === ASKED) return undefined;
  if (kind === 'entry-point') return placed(unit.path, options);
  const { libraries } = options;
  if (libraries.has(specifier)) {
    if (kind === 'require-call') return { path: specifier, namespace: LIBRARY };
    return { path: `${LIBRARY_SCHEME}${specifier}`, external: true, sideEffects: false };
  }
  // Of a package, whose own imports are found as usual.
  if (namespace !== OWN && namespace !== OWN_MODULE) return undefined;
  if (isBare(specifier) || specifier.startsWith('node:')) {
    const refused = refusePackage(specifier, options);
    return refused === undefined ? await resolvePackage(args, build, options) : failed(refused);
  }
  const attribute = Object.entries(args.with).find(([key, value]) => key !== 'type' || value !== 'json');
  if (attribute !== undefined) {
    const message = `"${specifier}" is imported with ${attribute.map((text) => JSON.stringify(text)).join(': ')}, and handlers import modules and JSON`;
    return failed(problem('kind', specifier, message));
  }
  const from = namespace === OWN_MODULE ? withoutEnding(importer) : importer;
  return await resolveOwn(specifier, from, unit, options);
}

/** Own files are in no folder, so that the bundler looks for nothing beside them. */
async function resolvePackage(
  { path: specifier, kind }: OnResolveArgs,
  build: PluginBuild,
  { resolveDir }: OwnModulesOptions,
): Promise<OnResolveResult> {
  const found = await build.resolve(specifier, { kind, resolveDir, pluginData: ASKED });
  const { errors, path: file, namespace, sideEffects, external, suffix, pluginData } = found;
  if (errors.length > 0) return { errors: errors.map(({ text, notes }) => ({ text, notes })) };
  return { path: file, namespace, sideEffects, external, suffix, pluginData };
}

/** @returns undefined if a handler may import it */
function refusePackage(specifier: string, options: OwnModulesOptions): ImportProblem | undefined {
  const { packages, libraries } = options;
  if (specifier.split('/').some((segment) => segment === '.' || segment === '..')) {
    return problem('outside', specifier, `"${specifier}" leads out of its package`);
  }
  const name = packageNameOf(specifier);
  if (packages.some((listed) => listed.name === name)) return undefined;
  const alternative = options.alternativeTo(specifier);
  if (alternative !== undefined) {
    return problem('builtin', specifier, `handlers have no modules of Node, and so no "${specifier}": ${alternative}`);
  }
  const known = [...new Set([...packages.map((listed) => listed.specifier), ...libraries.names])];
  const suggestion = nearest(specifier, known);
  const told = known.slice(0, MAX_NAMES_TOLD).join(', ');
  const more = known.length > MAX_NAMES_TOLD ? ` and ${known.length - MAX_NAMES_TOLD} more` : '';
  const there = known.length === 0 ? 'no package at all' : `${told}${more}`;
  const meant = suggestion === undefined ? '' : ` Did you mean "${suggestion}"?`;
  return problem(
    'not-listed',
    specifier,
    `"${specifier}" is not among the packages that handlers may import (modules.packages: ${there}).${meant}`,
  );
}

async function resolveOwn(
  specifier: string,
  importer: string,
  unit: LinkUnit,
  options: OwnModulesOptions,
): Promise<OnResolveResult> {
  const { files } = options;
  if (!/^\.\.?(?:\/|$)/.test(specifier)) {
    const message = `"${specifier}" is neither a relative path nor a package: files are imported as './name.js'`;
    return failed(problem('kind', specifier, message));
  }
  const wanted = path.posix.join(path.posix.dirname(importer), specifier);
  // The handler need not be there as a file.
  const isUnit = candidatesFor(wanted).includes(unit.path);
  if (files === undefined && !isUnit) {
    const message = `there are no files that handlers may import: "${specifier}" belongs into the option modules.from or modules.files`;
    return failed(problem('missing-file', specifier, message));
  }
  const found = leadsOut(wanted) ? OUTSIDE : ((await files?.find(wanted)) ?? NOTHING);
  if (found.kind === 'found') return placed(found.path, options);
  if (found.kind === 'missing' && isUnit) return placed(unit.path, options);
  if (found.kind === 'outside') {
    return failed(problem('outside', specifier, `"${specifier}" leads out of what handlers may import`));
  }
  const suggestion = nearest(wanted, found.names);
  const meant = suggestion === undefined ? '' : ` Did you mean "${suggestion}"?`;
  return failed(problem('missing-file', specifier, `there is no file "${wanted}".${meant}`));
}

async function load(file: string, unit: LinkUnit, options: OwnModulesOptions): Promise<OnLoadResult> {
  const { maxSourceBytes } = options;
  if (file === unit.path) return { contents: unit.source, loader: loaderOf(file) ?? 'js' };
  const loader = loaderOf(file);
  if (loader === undefined) {
    const known = Object.keys(LOADERS).join(', ');
    return failed(problem('kind', file, `"${file}" is no module: files that are imported end with ${known}`));
  }
  try {
    const contents = await (options.files as ModuleFiles).read(file, maxSourceBytes);
    return { contents, loader };
  } catch (error) {
    return failed(problem('failed', file, `"${file}" cannot be read: ${(error as Error).message}`));
  }
}

function placed(file: string, { modules }: OwnModulesOptions): OnResolveResult {
  return modules?.has(file) === true
    ? { path: file + MODULE_ENDING, namespace: OWN_MODULE }
    : { path: file, namespace: OWN };
}

export function withoutEnding(file: string): string {
  return file.slice(0, -MODULE_ENDING.length);
}

function loaderOf(file: string): (typeof LOADERS)[keyof typeof LOADERS] | undefined {
  return LOADERS[path.posix.extname(file) as keyof typeof LOADERS];
}

function failed(detail: ImportProblem): { errors: { text: string; detail: ImportProblem }[] } {
  return { errors: [{ text: detail.message, detail }] };
}
