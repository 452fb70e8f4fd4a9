import { type FileHandle, open } from 'node:fs/promises';

import { Semaphore } from '../semaphore.js';
import { setTimeout } from '../timers.js';

/**
 * The most files that are open at the same time in the process. Four threads work on files, so more would
 * only wait with their file open, and the descriptors of a process belong to its application.
 */
const MAX_OPEN_FILES = 16;
/** If the application has used up all descriptors, it has this long to release some. */
const MAX_WAIT_MS = 10_000;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 250;
/** The process or the system has reached its limit of open files. */
const EXHAUSTED: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

const turns = new Semaphore(MAX_OPEN_FILES);

/**
 * Opens a file when it is its turn and a descriptor is available. The turn ends when the handle is closed: a
 * caller with an open file must not open another one meanwhile.
 *
 * @throws system errors; EMFILE and ENFILE only if there was no descriptor for 10 seconds
 */
export async function openFile(path: string, flags: number | string, mode?: number): Promise<FileHandle> {
  const leave = await turns.enter();
  try {
    const file = await withDescriptor(() => open(path, flags, mode));
    const close = file.close.bind(file);
    file.close = () => close().finally(leave);
    return file;
  } catch (error) {
    leave();
    throw error;
  }
}

/**
 * Retries an operation while there is no descriptor. It takes no turn: for operations that happen once, and
 * for files that stay open.
 */
export async function withDescriptor<T>(use: () => T | Promise<T>): Promise<T> {
  let waitMs = FIRST_WAIT_MS;
  for (let waitedMs = 0; ; waitedMs += waitMs, waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await use();
    } catch (error) {
      if (!EXHAUSTED.has((error as NodeJS.ErrnoException).code) || waitedMs >= MAX_WAIT_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
