import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { LibraryOption } from '../api/options.js';
import { describe, invalidOption, rejectUnknownKeys, requireObject } from './check.js';

/** A library, with absolute paths. */
export type LibraryConfig =
  | { readonly kind: 'package'; readonly package: string; readonly from: string }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'source'; readonly source: string };

export type LibrariesConfig = Readonly<Record<string, LibraryConfig>>;

/** Under these keys of `$lib` are the namespaces of libraries. */
const RESERVED_PREFIX = 'import:';
const KEYS = ['package', 'from', 'file', 'source'] as const;
const ONE_OF = 'the name of a package, or an object with one of package, file and source';
/** A name on one line: of a package, or of a path in it. */
const PACKAGE = /^[^\p{Cc}\u2028\u2029\s]+$/u;
const MAX_PACKAGE_CHARACTERS = 1_000;

/** @throws NexusError INVALID_CONFIG naming the library */
export function resolveLibraries(libraries: Readonly<Record<string, LibraryOption>>): LibrariesConfig {
  requireObject('libraries', libraries);
  const entries = Object.entries(libraries).map(([name, library]) => {
    if (name.startsWith(RESERVED_PREFIX)) {
      throw invalidOption(
        `libraries.${name}`,
        describe(library),
        `under a name that does not begin with ${RESERVED_PREFIX}`,
      );
    }
    return [name, resolveLibrary(`libraries.${name}`, library)] as const;
  });
  // An object whose keys are all its own: `__proto__` is a name as any other.
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(entries)) as LibrariesConfig);
}

function resolveLibrary(option: string, library: LibraryOption): LibraryConfig {
  if (typeof library === 'string') return packageOf(option, library, undefined);
  if (typeof library !== 'object' || library === null || Array.isArray(library)) {
    throw invalidOption(option, library, ONE_OF);
  }
  rejectUnknownKeys(library, KEYS, `${option}.`);
  const { package: name, from, file, source } = library as Partial<Record<(typeof KEYS)[number], unknown>>;
  if ([name, file, source].filter((given) => given !== undefined).length !== 1)
    throw invalidOption(option, library, ONE_OF);
  if (from !== undefined && name === undefined) throw invalidOption(`${option}.from`, from, 'absent without package');
  if (name !== undefined) return packageOf(`${option}.package`, name, directoryOf(`${option}.from`, from));
  if (file !== undefined) return { kind: 'file', file: pathOf(`${option}.file`, file) };
  if (typeof source !== 'string') throw invalidOption(`${option}.source`, source, 'the text of a script');
  return { kind: 'source', source };
}

function packageOf(option: string, name: unknown, from = process.cwd()): LibraryConfig {
  if (typeof name !== 'string' || name.length > MAX_PACKAGE_CHARACTERS || !PACKAGE.test(name)) {
    throw invalidOption(
      option,
      name,
      'the name of an installed package, like lodash or date-fns/fp; a script is { source }',
    );
  }
  if (/^(?:\.|\/|file:)/.test(name)) throw invalidOption(option, name, 'the name of a package; a path is { file }');
  return { kind: 'package', package: name, from };
}

function directoryOf(option: string, from: unknown): string | undefined {
  if (from === undefined) return undefined;
  const isUrl = from instanceof URL || (typeof from === 'string' && from.startsWith('file:'));
  const path = pathOf(option, from);
  return isUrl && !String(from).endsWith('/') ? dirname(path) : path;
}

function pathOf(option: string, given: unknown): string {
  const expected = 'a path, or a URL with file:';
  if (given instanceof URL || (typeof given === 'string' && given.startsWith('file:'))) {
    try {
      return fileURLToPath(given);
    } catch {
      throw invalidOption(option, String(given), expected);
    }
  }
  if (typeof given !== 'string' || given === '') throw invalidOption(option, given, expected);
  return resolve(given);
}
