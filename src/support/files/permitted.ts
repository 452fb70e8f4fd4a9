// Node's permission model refuses whatever changes a file through its descriptor, wherever the file lies. What is done then holds less.
import { type FileHandle, utimes } from 'node:fs/promises';

import { permission } from '../host.js';

/** Node's permission model does not allow it. */
export function isDenied(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED';
}

/** Whether files may be reached through a directory; true without a permission model. */
export function mayUse(directory: string): boolean {
  return permission()?.has('fs.read', directory) ?? true;
}

/** Has the system write a file out. Under the permission model it does so when it likes: a loss of power may take it along. */
export async function syncData(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
}

/** {@link syncData} for a directory. */
export async function syncEntries(directory: FileHandle): Promise<void> {
  try {
    await directory.sync();
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
}

/**
 * Sets when a file was modified. Under the permission model by its path.
 *
 * @param modifiedMs milliseconds since the epoch
 */
export async function setModified(file: FileHandle, path: string, modifiedMs: number): Promise<void> {
  const seconds = modifiedMs / 1000;
  try {
    await file.utimes(seconds, seconds);
  } catch (error) {
    if (!isDenied(error)) throw error;
    await utimes(path, seconds, seconds);
  }
}
