import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ModulesOptions } from '../../api/modules.js';
import { describe, invalidOption, rejectUnknownKeys, requireObject } from '../check.js';
import { type ListedPackage, parsePackage } from '../listed-package.js';

/** What handlers may import. */
export interface ModulesConfig {
  /** Absolute. */
  readonly folder: string | undefined;
  readonly files: Readonly<Record<string, string>> | undefined;
  readonly packages: readonly ListedPackage[];
  /** What is imported from the image: names of packages, or parts of them. */
  readonly hoisted: readonly string[];
  /** Where packages are looked for. Absolute. */
  readonly resolveDir: string;
  /** Absolute; undefined if no versions are recorded. */
  readonly lock: string | undefined;
}

const LOCK_NAME = 'nexus.lock';
const MODULE = /\.(?:[cm]?[jt]s|json)$/;

/** @throws NexusError INVALID_CONFIG */
export function resolveModules(modules: ModulesOptions | undefined): ModulesConfig | undefined {
  if (modules === undefined) return undefined;
  requireObject('modules', modules);
  rejectUnknownKeys(modules, ['from', 'files', 'packages', 'hoist', 'lock'], 'modules.');
  const folder = resolvePath('modules.from', modules.from);
  if (folder !== undefined && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw invalidOption('modules.from', folder, 'a folder that exists');
  }
  const resolveDir = folder ?? process.cwd();
  const packages = resolvePackages(modules.packages ?? []);
  return Object.freeze({
    folder,
    files: resolveFiles(modules.files),
    packages,
    hoisted: resolveHoisted(modules.hoist, packages),
    resolveDir,
    lock:
      modules.lock === false
        ? undefined
        : (resolvePath('modules.lock', modules.lock) ?? path.join(resolveDir, LOCK_NAME)),
  });
}

function resolvePath(option: string, given: unknown): string | undefined {
  if (given === undefined) return undefined;
  if (given instanceof URL && given.protocol === 'file:') return fileURLToPath(given);
  if (typeof given === 'string' && given !== '') return path.resolve(given);
  throw invalidOption(option, given instanceof URL ? given.href : given, 'a path or a file URL');
}

function resolveFiles(files: unknown): ModulesConfig['files'] {
  if (files === undefined) return undefined;
  requireObject('modules.files', files);
  for (const [name, source] of Object.entries(files)) {
    const isOutside = path.posix.isAbsolute(name) || path.posix.normalize(name).startsWith('..');
    if (isOutside) throw invalidOption('modules.files', name, "relative paths as keys, like 'lib/money.ts'");
    if (!MODULE.test(name)) {
      throw invalidOption('modules.files', name, 'keys that end with .js, .mjs, .ts, .mts or .json');
    }
    if (typeof source !== 'string') throw invalidOption(`modules.files.${name}`, describe(source), 'source text');
  }
  return Object.freeze({ ...(files as Record<string, string>) });
}

function resolvePackages(packages: unknown): ListedPackage[] {
  if (!Array.isArray(packages)) throw invalidOption('modules.packages', describe(packages), 'a list of names');
  const listed = (packages as unknown[]).map((entry) => {
    const found = typeof entry === 'string' ? parsePackage(entry) : undefined;
    if (found !== undefined) return found;
    throw invalidOption(
      'modules.packages',
      entry,
      "names of packages, like 'lodash-es', 'date-fns@^4' or '@scope/name/part'",
    );
  });
  for (const [index, { name, range, specifier }] of listed.entries()) {
    const other = listed
      .slice(0, index)
      .find((each) => each.name === name && (each.range !== range || each.specifier === specifier));
    if (other === undefined) continue;
    throw invalidOption(
      'modules.packages',
      `${packages[index]}`,
      `each package in one version; ${name} is there twice`,
    );
  }
  return listed;
}

/** A part of a listed package may be hoisted as well. */
function resolveHoisted(hoist: unknown, packages: readonly ListedPackage[]): readonly string[] {
  if (hoist === undefined) return packages.map(({ specifier }) => specifier);
  if (!Array.isArray(hoist)) throw invalidOption('modules.hoist', describe(hoist), 'a list of names');
  for (const specifier of hoist as unknown[]) {
    const { name, range } = (typeof specifier === 'string' && parsePackage(specifier)) || {};
    if (name !== undefined && range === undefined && packages.some((listed) => listed.name === name)) continue;
    throw invalidOption('modules.hoist', specifier, 'names of packages that are in modules.packages, without versions');
  }
  return Object.freeze([...new Set(hoist as string[])]);
}
