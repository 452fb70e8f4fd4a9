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

/** By directory: the sync that is under way, and the one that has not begun yet. */
const underWay = new Map<string, Promise<void>>();
const queued = new Map<string, Promise<void>>();

/**
 * Has the names in a directory survive a power failure. Callers of the same moment share a sync, one that begins after all of them have called: the
 * one that is under way may have begun before a name was there. Windows cannot sync directories.
 */
export function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return Promise.resolve();
  const shared = queued.get(path);
  if (shared !== undefined) return shared;
  const before = underWay.get(path);
  if (before === undefined) return beginSync(path);
  const begin = () => {
    queued.delete(path);
    return beginSync(path);
  };
  const next = before.then(begin, begin);
  queued.set(path, next);
  return next;
}

function beginSync(path: string): Promise<void> {
  const sync = syncNow(path).finally(() => {
    if (underWay.get(path) === sync) underWay.delete(path);
  });
  underWay.set(path, sync);
  return sync;
}

async function syncNow(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await syncEntries(directory);
  } finally {
    await directory.close();
  }
}
