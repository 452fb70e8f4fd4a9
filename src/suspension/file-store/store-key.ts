import { randomBytes } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ForeignFileError, readOwnFile, writeTemporary } from '../../support/files/own-file.js';

const NAME = 'key';
const KEY_BYTES = 32;

/**
 * Reads the secret of a file store. It is random, the first process creates it, and all processes share it.
 *
 * @param directory private to its owner
 * @throws ForeignFileError if the file is not a key
 */
export async function readOrMakeKey(directory: string): Promise<Uint8Array> {
  const path = join(directory, NAME);
  const found = await readKey(path);
  if (found !== undefined) return found;
  const temporary = await writeTemporary(directory, NAME, randomBytes(KEY_BYTES));
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
  const made = await readKey(path);
  if (made === undefined) throw new Error(`${path} was removed while it was being made`);
  return made;
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readOwnFile(path, KEY_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (bytes.length === KEY_BYTES) return bytes;
  // Another key would make all existing data unreadable.
  throw new ForeignFileError('is damaged');
}
