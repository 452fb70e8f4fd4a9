import { NexusError } from '../../errors/nexus-error.js';
import { formatSuspensionId, parseSuspensionId } from '../../support/run-ids.js';
import { decideSettlement } from '../lifecycle.js';
import { lastGeneration } from './last-generation.js';
import type { RecordLog } from './record-log.js';
import { shardOf } from './record-paths.js';
import { pagesOf } from './record-scan.js';
import { removePointer } from './run-pointer.js';

/**
 * Deletes all files of a run. Others may use it at the same time: it ends first, so that nothing is added to it any more. Generations go in
 * their order, because the file that ended one can bring the next one back.
 */
export async function eraseRun(log: RecordLog, root: string, runId: string): Promise<void> {
  const at = (generation: number) => formatSuspensionId({ runId, generation });
  const last = await end(log, root, runId);
  let generations: number[];
  if (last === undefined) generations = await generationsOf(root, runId);
  else {
    let first = last;
    while (first > 1 && (await log.isLeft(at(first - 1)))) first--;
    generations = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
  for (const generation of generations) await eraseGeneration(log, at(generation));
  await log.mailbox(runId).remove();
  await removePointer(root, runId);
  await log.sync(at(1));
}

/** The start first, so that it does not exist; then the latest first, so that a part that a crash leaves is found again by the earliest. */
async function eraseGeneration(log: RecordLog, id: string): Promise<void> {
  await log.forget(id, [0]);
  for (let version = await log.latestVersion(id); version > 0; version--) await log.forget(id, [version]);
}

/** @returns the last generation; undefined if it cannot be told */
async function end(log: RecordLog, root: string, runId: string): Promise<number | undefined> {
  const outcome = { state: 'cancelled', content: new Uint8Array(), settledAtMs: 0, keepUntilMs: 0 } as const;
  try {
    for (;;) {
      const last = await lastGeneration(log, root, runId);
      if (last === undefined) return undefined;
      if (last.lifecycle.state === 'settled') return parseSuspensionId(last.id)?.generation;
      await log.change(last.id, (lifecycle) => decideSettlement(lifecycle, undefined, outcome));
    }
  } catch (error) {
    // Nobody can add to a damaged one.
    if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') throw error;
    return undefined;
  }
}

/** Those that have files, in their order. */
async function generationsOf(root: string, runId: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { records } of pagesOf(root, shardOf(runId), `${runId}.`)) {
    for (const { id } of records) {
      const parsed = parseSuspensionId(id);
      if (parsed?.runId === runId) found.push(parsed.generation);
    }
    // Sorted by id, those of a run are adjacent.
    if (records.length > 0 && !records.at(-1)?.id.startsWith(`${runId}.`)) break;
  }
  return found.sort((a, b) => a - b);
}
