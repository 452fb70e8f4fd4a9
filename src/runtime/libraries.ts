import { readFile } from 'node:fs/promises';
import type { LibraryOption } from '../api/options.js';
import { invalidOption } from '../config/check.js';
import type { LibrarySource } from '../engine/library.js';

/**
 * Reads the sources of a runtime's libraries.
 *
 * @throws NexusError INVALID_CONFIG when a file cannot be read
 */
export async function readLibraries(libraries: Readonly<Record<string, LibraryOption>>): Promise<LibrarySource[]> {
  return Promise.all(
    Object.entries(libraries).map(async ([name, { source, file }]): Promise<LibrarySource> => {
      if (source !== undefined) return { name, source, filename: `${name}.js` };
      const text = await readFile(file ?? '', 'utf8').catch((error: unknown) => {
        throw invalidOption(`libraries.${name}.file`, file, `a readable file: ${String(error)}`);
      });
      return { name, source: text, filename: file ?? name };
    }),
  );
}
