import type { StoredSuspension } from '../../api/suspension-store.js';
import { parseSuspensionId, runIdOf } from '../../support/run-ids.js';
import { alreadyThere, isSame } from '../views.js';
import { DueIndex } from './due-index.js';
import { lastGeneration } from './last-generation.js';
import type { RecordLog } from './record-log.js';
import { notedGeneration } from './run-pointer.js';

/**
 * Stores the first generation of a run, unless anything of the run is there.
 *
 * The name of a first generation is free again when that was deleted, although the run goes on. But before it is deleted, the generation after it
 * is noted. So whoever has linked the name looks for a note, and takes the link back if there is one. It may be stopped before it does: see
 * {@link isTooLate}.
 *
 * @throws NexusError INVALID_ARGUMENT if there is another one
 */
export async function putFirst(log: RecordLog, root: string, suspension: StoredSuspension): Promise<void> {
  const { id, dueAtMs, deployment } = suspension;
  if (await hasGoneOn(log, root, id)) throw alreadyThere(id);
  if (dueAtMs !== undefined) await new DueIndex(root).add(dueAtMs, id, deployment);
  const isNew = await log.begin(suspension);
  if (!isNew && !(await isThere(log, suspension))) throw alreadyThere(id);
  try {
    // What another caller has linked may be there too late as well.
    if (await hasGoneOn(log, root, id)) throw alreadyThere(id);
    await log.sync(id);
  } catch (error) {
    if (isNew) await log.forget(id, [0]).catch(() => {});
    throw error;
  }
}

/** Whether it is a first generation that was stored after its run had gone on. Then it is deleted: it never was. */
export async function isTooLate(log: RecordLog, root: string, id: string): Promise<boolean> {
  if (parseSuspensionId(id)?.generation !== 1 || !(await hasGoneOn(log, root, id))) return false;
  // One that is settled is where the run went on from.
  const lifecycle = await log.lifecycle(id);
  if (lifecycle === undefined || lifecycle.state === 'settled') return false;
  await log.forget(id, [0]);
  return true;
}

async function hasGoneOn(log: RecordLog, root: string, id: string): Promise<boolean> {
  const runId = runIdOf(id);
  if ((await notedGeneration(root, runId)) === undefined) return false;
  const last = await lastGeneration(log, root, runId);
  return last !== undefined && last.id !== id;
}

/** Whether the same suspension already exists and is not settled. */
async function isThere(log: RecordLog, suspension: StoredSuspension): Promise<boolean> {
  const loaded = await log.load(suspension.id);
  if (loaded === undefined || loaded.lifecycle.state === 'settled') return false;
  return isSame(loaded.facts, loaded.envelope, suspension);
}
