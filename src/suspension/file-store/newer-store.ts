import { readdir } from 'node:fs/promises';

import { incompatible } from '../incompatible.js';
import { RECORD_VERSION } from './record.js';

const FOLDER = /^v([1-9]\d{0,5})$/;

/**
 * Refuses a directory that a newer version of this library filled, and in which this one has nothing: an empty store beside it would hide what waits.
 *
 * @throws NexusError SUSPENSION_INCOMPATIBLE; nothing was written
 */
export async function requireNotNewer(directory: string): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  const versions = names.flatMap((name) => FOLDER.exec(name)?.[1] ?? []).map(Number);
  const newest = Math.max(0, ...versions);
  if (newest <= RECORD_VERSION || versions.includes(RECORD_VERSION)) return;
  const message =
    `${directory}: what is kept there is of format ${newest}, and this version of nexus-runtime reads ${RECORD_VERSION}. ` +
    'It was not touched. Use the version that wrote it, or another suspensionDir.';
  throw incompatible('version', message, { path: directory, expected: RECORD_VERSION, actual: newest });
}
