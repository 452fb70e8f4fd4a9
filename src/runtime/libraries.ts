import { readFile } from 'node:fs/promises';
import type { LibraryOption } from '../api/options.js';
import { cut, invalidOption, MAX_REASON } from '../config/check.js';
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
        throw invalidOption(`libraries.${name}.file`, file, `a readable file: ${cut(String(error), MAX_REASON)}`);
      });
      return { name, source: text, filename: file ?? name };
    }),
  );
}
