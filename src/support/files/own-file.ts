import { constants, type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { readAt } from './bounded-file.js';
import { openFile } from './descriptors.js';
import { setModified, syncData } from './permitted.js';
import { currentUser } from './private-directory.js';
import { temporaryName } from './temporary.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const WRITABLE_BY_OTHERS = 0o022;
/** Parts of up to so many bytes in total are joined and written at once: copying them is faster than several writes. */
const WRITTEN_AT_ONCE = 64 * 1024;

/**
 * The file was not written by this library: it is a link, a pipe, another user's file, accessible to others,
 * or too large. The message says which.
 */
export class ForeignFileError extends Error {}

/** The file is larger than any that this library writes. */
export class OversizedFileError extends ForeignFileError {}

export interface OwnFile {
  readonly file: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/**
 * Opens a file of this library for reading, when it is its turn. The caller must close it before opening
 * another one.
 *
 * @throws ForeignFileError if it is not one of ours, and system errors if it does not exist
 */
export async function openOwnFile(path: string, maxBytes: number): Promise<OwnFile> {
  // A pipe in its place must not block until there is a writer.
  const file = await openFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? new ForeignFileError('is a symbolic link') : error;
  });
  try {
    const status = await file.stat();
    const user = currentUser();
    const isOurs = user === undefined || (status.uid === user && (status.mode & WRITABLE_BY_OTHERS) === 0);
    if (!status.isFile()) throw new ForeignFileError('is not a regular file');
    if (!isOurs) throw new ForeignFileError('belongs to another user, or others may write it');
    if (status.size > maxBytes)
      throw new OversizedFileError(`has ${status.size} bytes, at most ${maxBytes} can be right`);
    return { file, size: status.size, modifiedMs: status.mtimeMs };
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

/**
 * Reads a whole file of this library. Its size is checked first; bytes that are appended meanwhile are not
 * read.
 *
 * @throws ForeignFileError if it is not one of ours, and system errors if it does not exist
 */
export async function readOwnFile(path: string, maxBytes: number): Promise<Buffer> {
  const { file, size } = await openOwnFile(path, maxBytes);
  try {
    return await readAt(file, 0, size);
  } finally {
    await file.close();
  }
}

/**
 * Writes a synced file under a temporary name, from which a rename or link puts it in place atomically.
 * Leaves nothing behind if it fails.
 *
 * @param stem its later name
 * @param content bytes, or parts of them in order
 * @param modifiedMs its modification time, if it has a meaning; milliseconds since the epoch
 * @returns its path
 */
export async function writeTemporary(
  directory: string,
  stem: string,
  content: Uint8Array | readonly Uint8Array[],
  modifiedMs?: number,
): Promise<string> {
  const path = join(directory, temporaryName(stem));
  try {
    const file = await openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      for (const part of content instanceof Uint8Array ? [content] : together(content)) await file.writeFile(part);
      if (modifiedMs !== undefined) await setModified(file, path, modifiedMs);
      await syncData(file);
    } finally {
      await file.close();
    }
    return path;
  } catch (error) {
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Small parts are written at once. */
function together(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  return bytes <= WRITTEN_AT_ONCE ? [Buffer.concat(parts)] : parts;
}
