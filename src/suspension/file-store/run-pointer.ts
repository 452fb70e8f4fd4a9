import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readOwnFile } from '../../support/files/own-file.js';
import { temporaryName } from '../../support/files/temporary.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { shardOf } from './record-paths.js';

const MAX_POINTER_BYTES = 16;

function pathOfPointer(root: string, runId: string): string {
  return join(root, shardOf(runId), `${runId}.run`);
}

/** Notes the last generation of a run, so that it is found at once. A note that is wrong costs time, and nothing else. */
export async function noteGeneration(root: string, id: string): Promise<void> {
  const parsed = parseSuspensionId(id);
  if (parsed === undefined) return;
  // Not synced: torn, it is no number.
  const temporary = join(root, shardOf(id), temporaryName(`${id}.0`));
  await writeFile(temporary, String(parsed.generation), { flag: 'wx', mode: 0o600 });
  await rename(temporary, pathOfPointer(root, parsed.runId));
}

export async function removePointer(root: string, runId: string): Promise<void> {
  await rm(pathOfPointer(root, runId), { force: true });
}

/** @returns undefined if none was noted: then it is the first */
export async function notedGeneration(root: string, runId: string): Promise<number | undefined> {
  try {
    const noted = Number((await readOwnFile(pathOfPointer(root, runId), MAX_POINTER_BYTES)).toString());
    return Number.isSafeInteger(noted) && noted > 0 && noted < 1e9 ? noted : 1;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 1;
  }
}
