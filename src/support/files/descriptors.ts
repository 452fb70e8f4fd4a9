import { type FileHandle, open } from 'node:fs/promises';

import { Semaphore } from '../semaphore.js';
import { setTimeout } from '../timers.js';

/**
 * Files that are open at a time, in all of the process. There are four threads that work on files, so more would only wait with their
 * file open; and the descriptors of a process are its application's before they are ours.
 */
const MAX_OPEN_FILES = 16;
/** The application may have used up all descriptors. It has this long to give some back. */
const MAX_WAIT_MS = 10_000;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 250;
/** The process, or the system, has as many files open as it may. */
const EXHAUSTED: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

const turns = new Semaphore(MAX_OPEN_FILES);

/**
 * Opens a file when it is its turn, and when there is a descriptor for it. The turn ends when the handle is closed: who has a file open
 * opens no other one meanwhile.
 *
 * @throws what the system throws; EMFILE and ENFILE only when there was no descriptor for 10 seconds
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

/** What needs a descriptor, again and again while there is none. Without a turn: for what is done once, and for what stays open. */
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
