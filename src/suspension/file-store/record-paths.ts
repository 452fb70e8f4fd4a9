import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { syncEntries } from '../../support/files/permitted.js';

/**
 * The directory of an id: the code of its first character, in hex. There is one for each base64url character,
 * in the order of the ids, also on file systems that ignore case.
 */
export function shardOf(id: string): string {
  return id.charCodeAt(0).toString(16);
}

export function pathOf(root: string, id: string, version: number): string {
  return join(root, shardOf(id), `${id}.${version}`);
}

/** Windows cannot sync directories. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await syncEntries(directory);
  } finally {
    await directory.close();
  }
}
