import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { BundleError, inPackage } from '../bundler/bundle-error.js';
import type { BundleEntry, LibraryBundle } from '../bundler/bundle-libraries.js';
import { BundledPlaces } from '../bundler/bundled-places.js';
import { shownPath } from '../bundler/package-of.js';
import type { LibraryNeeds } from '../capabilities/library-needs.js';
import { cut, invalidOption, MAX_REASON, nameInMessage } from '../config/check.js';
import type { CacheConfig } from '../config/resolve.js';
import type { LibrariesConfig } from '../config/resolve-libraries.js';
import type { ModulesConfig } from '../config/sections/resolve-modules.js';
import type { NodeConfig } from '../config/sections/resolve-node.js';
import type { LibrarySource } from '../engine/library.js';
import { NexusError } from '../errors/nexus-error.js';
import { importInTurn } from './import-in-turn.js';
import { needsBundling } from './needs-bundling.js';
import { needsOfLibraries } from './needs-of-libraries.js';
import { nodeLibrary } from './node-library.js';

/** The libraries of a runtime, read and bundled. */
export interface ReadLibraries {
  readonly sources: readonly LibrarySource[];
  /** Absent if no library is bundled. */
  readonly bundle: LibraryBundle | undefined;
  readonly needs: LibraryNeeds;
}

/**
 * Reads the libraries of a runtime, and bundles those that are packages or modules, all into one script.
 *
 * @throws NexusError INVALID_CONFIG when a file cannot be read, or a library cannot be bundled
 */
export async function readLibraries(
  libraries: LibrariesConfig,
  { maxSourceBytes: maxBytes, modules }: Pick<CacheConfig, 'maxSourceBytes' | 'modules'>,
  node?: NodeConfig,
): Promise<ReadLibraries> {
  // The first one: the others may need it when they start.
  const before = node === undefined ? [] : [await nodeLibrary(node, libraries)];
  const entries: BundleEntry[] = [];
  const sources: LibrarySource[] = [];
  for (const [name, library] of Object.entries(libraries)) {
    if (library.kind === 'package') {
      entries.push({ name, specifier: library.package, resolveDir: library.from });
    } else if (library.kind === 'source') {
      sources.push({ name, source: library.source, filename: `${name}.js` });
    } else {
      const { file } = library;
      const source = await readFile(file, 'utf8').catch((error: unknown) => {
        throw invalidOption(`libraries.${name}.file`, file, `a readable file: ${cut(String(error), MAX_REASON)}`);
      });
      if (needsBundling(source, file)) entries.push({ name, specifier: pathToFileURL(file) });
      else sources.push({ name, source, filename: file });
    }
  }
  if (entries.length === 0) {
    const needs = needsOfLibraries(sources, undefined);
    return { sources: [...before, ...sources], bundle: undefined, needs };
  }
  const { bundleLibraries, librarySourceOf } = await importInTurn(() => import('../bundler/bundle-libraries.js'));
  const bundle = await bundleLibraries(entries, {
    resolveDir: process.cwd(),
    maxBytes,
    hasNode: node !== undefined,
  }).catch((error: unknown) => {
    throw error instanceof BundleError ? notBundled(error, modules?.hoisted ?? []) : error;
  });
  if (modules !== undefined) await checkPackages(bundle, modules);
  // First: a script of the application may use them when it starts.
  return {
    sources: [...before, librarySourceOf(bundle), ...sources],
    bundle,
    needs: needsOfLibraries(sources, bundle),
  };
}

/** Of packages that handlers import, versions are part of the options. */
async function checkPackages({ inputs }: LibraryBundle, { packages, hoisted, lock }: ModulesConfig): Promise<void> {
  const { PackageCheck } = await import('../linker/package-check.js');
  const imported = inputs.filter(({ libraries }) => libraries.some((name) => hoisted.includes(name)));
  const check = new PackageCheck(packages, process.cwd(), lock);
  const problem = await check.check(imported.map(({ path }) => path));
  if (problem === undefined) return;
  const message = `modules.packages cannot be bundled: ${problem.message}.`;
  throw new NexusError('INVALID_CONFIG', message, { context: { option: 'modules.packages', package: problem.name } });
}

/** @param imported the packages that the option `modules` names, which nobody named as libraries */
function notBundled(error: BundleError, imported: readonly string[]): NexusError {
  const { library, place, specifier, package: of } = error;
  const isImported = library !== undefined && imported.includes(library);
  const named = library === undefined ? 'libraries' : `libraries.${library}`;
  const option = isImported ? 'modules.packages' : nameInMessage(named);
  const what = isImported ? `${option}: ${nameInMessage(library)}` : option;
  return new NexusError('INVALID_CONFIG', `${what} cannot be bundled: ${error.message}.`, {
    context: {
      option,
      ...(specifier !== undefined && { import: nameInMessage(specifier) }),
      ...place,
      ...(of !== undefined && { package: of.name, version: of.version }),
    },
    cause: error,
  });
}

/** What the guest says, see `guest/prelude/libraries.ts`. */
const EXPORTS_NOTHING = /^TypeError: the library (.*) exports nothing$/s;

/** An error of the base image about a bundle, as one about the library, at its place in the original file where that is known. */
export function describeBundled(error: unknown, bundle: LibraryBundle | undefined): unknown {
  if (bundle === undefined || !(error instanceof NexusError) || error.context['option'] !== 'libraries') return error;
  const { reason, place } = error.context as { reason?: string; place?: { line: number; column: number } };
  if (reason === undefined) return error;
  const [what = ''] = reason.split('\n');
  const found = place === undefined ? undefined : new BundledPlaces(bundle).at(place);
  const input = found?.input;
  const original = found && {
    file: shownPath(found.file, process.cwd()),
    line: found.line,
    column: found.column,
  };
  const empty = EXPORTS_NOTHING.exec(what)?.[1];
  const named = empty ?? input?.libraries[0];
  const option = nameInMessage(named === undefined ? 'libraries' : `libraries.${named}`);
  const of = input?.package === undefined ? undefined : { name: input.package, version: input.version };
  const where = original === undefined ? '' : ` (${original.file}:${original.line}:${original.column}${inPackage(of)})`;
  return new NexusError(
    'INVALID_CONFIG',
    `${option} cannot be initialised: ${empty === undefined ? what : 'it exports nothing'}${where}\n` +
      'A library needs nothing but the language itself, and what handlers have of the web; docs/libraries.md lists packages.',
    {
      context: { option, ...original, ...(of !== undefined && { package: of.name, version: of.version }) },
      cause: error,
    },
  );
}
