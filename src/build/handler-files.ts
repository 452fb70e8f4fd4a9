import path from 'node:path';

import { glob } from 'tinyglobby';
import { NexusError } from '../errors/nexus-error.js';
import type { BuildConfig } from './build-options.js';

/** A handler of a build. */
export interface HandlerFile {
  readonly name: string;
  /** Relative to the root, with `/`. */
  readonly file: string;
}

const WILDCARD = /[*?{}()[\]!+@]/;
/** Of files that can be handlers. */
export const ENDING = /\.(?:[cm]?[jt]s)$/;

/**
 * Finds the handlers of a build, in the order of their names.
 *
 * @throws NexusError INVALID_ARGUMENT if there are none, or two of one name
 */
export async function findHandlers({ include, exclude, root }: BuildConfig): Promise<HandlerFile[]> {
  const found = new Map<string, HandlerFile>();
  for (const pattern of include) {
    const files = await glob([pattern], { cwd: root, ignore: [...exclude], dot: false, expandDirectories: false });
    const base = baseOf(pattern);
    for (const given of files) {
      const file = given.split(path.sep).join('/');
      const name = path.posix.relative(base, file).replace(ENDING, '');
      const other = found.get(name);
      if (other !== undefined && other.file !== file) throw twice(name, other.file, file);
      found.set(name, { name, file });
    }
  }
  if (found.size === 0) {
    const message = `No handler matches ${include.join(', ')} in ${root}. Patterns are relative to the option root.`;
    throw new NexusError('INVALID_ARGUMENT', message, { context: { field: 'options.include', root } });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The part of a pattern without wildcards; the folder of a plain file. */
export function baseOf(pattern: string): string {
  const segments = pattern.split('/');
  const first = segments.findIndex((segment) => WILDCARD.test(segment));
  return path.posix.normalize(segments.slice(0, first === -1 ? -1 : first).join('/') || '.');
}

function twice(name: string, one: string, other: string): NexusError {
  const message = `Two handlers have the name ${name}: ${one} and ${other}. Rename one, or exclude it.`;
  return new NexusError('INVALID_ARGUMENT', message, { context: { field: 'options.include', name } });
}
