import { constants, type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { readAt } from './bounded-file.js';
import { openFile } from './descriptors.js';
import { setModified, syncData } from './permitted.js';
import { currentUser } from './private-directory.js';
import { temporaryName } from './temporary.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const WRITABLE_BY_OTHERS = 0o022;

/** What is there is no file that we wrote: a link, a pipe, somebody else's, open to others, or too large. Says what it is. */
export class ForeignFileError extends Error {}

/** It is larger than anything that we write. */
export class OversizedFileError extends ForeignFileError {}

export interface OwnFile {
  readonly file: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/**
 * Opens a file for reading if it is one of ours, when it is its turn. Who opens it closes it, and opens no other one before.
 *
 * @throws ForeignFileError when it is not, and what the system throws when there is none
 */
export async function openOwnFile(path: string, maxBytes: number): Promise<OwnFile> {
  // A pipe in its place must not make us wait for a writer.
  const file = await openFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? new ForeignFileError('is a symbolic link') : error;
  });
  try {
    const status = await file.stat();
    const user = currentUser();
    const isOurs = user === undefined || (status.uid === user && (status.mode & WRITABLE_BY_OTHERS) === 0);
    if (!status.isFile()) throw new ForeignFileError('is no regular file');
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
 * Reads a file whole if it is one of ours. Its size is looked at before anything is read; what is appended meanwhile is not read.
 *
 * @throws ForeignFileError when it is not, and what the system throws when there is none
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
 * Writes a file under a name of its own, synced, from where a rename or a link puts it in its place: whole or not at all.
 * Leaves nothing behind when it fails.
 *
 * @param stem what it is to become
 * @param content bytes, or parts of them in order
 * @param modifiedMs its time of modification, when that is to mean something; milliseconds since the epoch
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
      for (const part of content instanceof Uint8Array ? [content] : content) await file.writeFile(part);
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
