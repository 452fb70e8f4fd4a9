import { type WatchOptions, watch } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { clearTimeout, setTimeout } from '../../support/timers.js';
import { cannotRead } from './read-file.js';

/** Editors write a file in several steps. */
const SETTLE_MS = 50;

/**
 * Tells of changes of the files. Directories are watched, because editors replace files.
 *
 * @param options of `watch` of Node
 * @returns ends it
 * @throws what Node throws if a directory is not there
 */
export function onChange(files: readonly string[], told: () => void, options: WatchOptions = {}): () => void {
  const paths = files.map((file) => resolve(file));
  let timer: NodeJS.Timeout | undefined;
  const watchers = [...new Set(paths.map(dirname))].map((directory) => {
    const names = new Set(paths.filter((path) => dirname(path) === directory).map((path) => basename(path)));
    return watch(directory, options, (_, name) => {
      if (name === null || !names.has(`${name}`)) return;
      clearTimeout(timer);
      timer = setTimeout(told, SETTLE_MS);
    });
  });
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

/**
 * Calls `act` at once, and again after each change of the files, one call after the other. It never resolves: Ctrl-C ends
 * the process.
 *
 * @param act is given the number of changes so far
 */
export async function watchFiles(files: readonly string[], act: (round: number) => Promise<void>): Promise<never> {
  let isDue = () => {};
  let changes = 0;
  for (const directory of new Set(files.map((file) => dirname(resolve(file))))) {
    await access(directory).catch((error: unknown) => {
      throw cannotRead(directory, error);
    });
  }
  onChange(files, () => {
    changes++;
    isDue();
  });
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
