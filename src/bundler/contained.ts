import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { nameInMessage } from '../config/check.js';
import type { BundleFailure, BundlePlace } from './bundle-error.js';
import { ENTRY_FILE, entryIndex, type PlacedEntry } from './entry-module.js';
import type { Metafile } from './esbuild.js';
import { installedPackage, isInside, linkedFolder, type Packages, packageNameOf, shownPath } from './package-of.js';

type Imported = Metafile['inputs'][string]['imports'][number];

/** A file of its own namespace: one that is turned off, a data URL, the entry. */
const OF_A_NAMESPACE = /^(?:\(disabled\):|<|[a-z-]{3,}:)/;
const PATH = /^(?:\.|\/|\\|[a-z]:|file:)/i;

/**
 * The first import that leads out of its package: to a file of the host outside of all packages, or to something other than a file.
 *
 * A package could otherwise make a file beside it, such as `../../.env.json`, part of what handlers see.
 */
export async function findEscape(
  { inputs }: Metafile,
  entries: readonly PlacedEntry[],
  resolveDir: string,
  packages: Packages,
): Promise<BundleFailure | undefined> {
  for (const [file, { imports }] of Object.entries(inputs)) {
    if (file === ENTRY_FILE) {
      for (const imported of imports) {
        const entry = entries[entryIndex(imported.original) ?? -1];
        if (entry === undefined) continue;
        const { name, specifier } = entry;
        const reason = await reasonAgainst(
          { ...imported, original: specifier },
          undefined,
          entry.resolveDir,
          resolveDir,
        );
        if (reason !== undefined) return { reason, library: name, specifier };
      }
    } else if (!OF_A_NAMESPACE.test(file)) {
      const path = resolve(resolveDir, file);
      for (const imported of imports) {
        const reason = await reasonAgainst(imported, path, dirname(path), resolveDir);
        if (reason === undefined) continue;
        const specifier = imported.original ?? imported.path;
        return {
          reason,
          specifier,
          place: await placeOf(specifier, shownPath(file, resolveDir), path),
          package: await packages.of(path),
        };
      }
    }
  }
  return undefined;
}

async function reasonAgainst(
  { path: target, original, external, kind }: Imported,
  importer: string | undefined,
  directory: string,
  resolveDir: string,
): Promise<string | undefined> {
  const name = nameInMessage(original ?? target);
  if (external === true) {
    // What is required in a `try` may be missing, as in Node; esbuild's own helpers have no file.
    const isLeftOut = kind !== 'import-statement' || target === '<runtime>';
    return isLeftOut ? undefined : `it imports ${name}, and libraries consist of installed packages and files`;
  }
  if (OF_A_NAMESPACE.test(target)) return undefined;
  const path = resolve(resolveDir, target);
  const from = importer === undefined ? undefined : installedPackage(importer);
  const isPath = original === undefined || PATH.test(original);
  // Files of the application import what they like, and so does the list of libraries.
  if (from === undefined && isPath) return undefined;
  if (from !== undefined && isInside(path, from.root)) return undefined;
  if (!isPath && !/(?:^|[\\/])\.\.?(?:[\\/]|$)/.test(original)) {
    const into = installedPackage(path);
    if (into?.name === packageNameOf(original)) return undefined;
    for (const candidate of new Set([packageNameOf(original), into?.name])) {
      if (candidate === undefined) continue;
      for (const folder of [directory, resolveDir]) {
        const linked = await linkedFolder(candidate, folder);
        if (linked !== undefined && isInside(path, linked)) return undefined;
      }
    }
    // An application's own names for its files, as its package.json has them under `imports`.
    if (from === undefined && original.startsWith('#')) return undefined;
  }
  return `it imports ${name}, which leads to a file outside of its package: ${nameInMessage(target)}`;
}

/** The first text with the import's name. Where it is written with escapes, the file's beginning. */
async function placeOf(specifier: string, file: string, path: string): Promise<BundlePlace> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const at = Math.max(0, ...['"', "'", '`'].map((quote) => text.indexOf(`${quote}${specifier}${quote}`)));
  const before = text.slice(0, at).split('\n');
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
