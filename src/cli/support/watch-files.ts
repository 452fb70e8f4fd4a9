import { watch } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { clearTimeout, setTimeout } from '../../support/timers.js';
import { cannotRead } from './read-file.js';

/** Editors write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Calls `act` at once, and again after each change of the files, one call after the other. Directories are watched, because editors replace
 * files. It never resolves: Ctrl-C ends the process.
 *
 * @param act is given the number of changes so far
 */
export async function watchFiles(files: readonly string[], act: (round: number) => Promise<void>): Promise<never> {
  const paths = files.map((file) => resolve(file));
  let isDue = () => {};
  let timer: NodeJS.Timeout | undefined;
  let changes = 0;
  for (const directory of new Set(paths.map(dirname))) {
    const names = new Set(paths.filter((path) => dirname(path) === directory).map((path) => basename(path)));
    await access(directory).catch((error: unknown) => {
      throw cannotRead(directory, error);
    });
    watch(directory, (_, name) => {
      if (name === null || !names.has(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        changes++;
        isDue();
      }, SETTLE_MS);
    });
  }
  for (let done = 0; ; ) {
    await act(done);
    while (changes === done) {
      await new Promise<void>((wake) => {
        isDue = wake;
      });
    }
    done = changes;
  }
}
