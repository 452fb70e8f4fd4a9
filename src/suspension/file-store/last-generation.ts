import { formatSuspensionId, parseSuspensionId } from '../../support/run-ids.js';
import type { LifecycleState } from '../lifecycle.js';
import type { RecordLog } from './record-log.js';
import { shardOf } from './record-paths.js';
import { scanShard } from './record-scan.js';
import { notedGeneration } from './run-pointer.js';

/** A generation, and its state at one moment at which it was the last. */
export interface LastGeneration {
  readonly id: string;
  readonly lifecycle: LifecycleState;
}

/**
 * The last generation of a run that has begun; undefined if there is none.
 *
 * The run may go on meanwhile, and what was looked at be deleted. Before that, a later generation is noted: what is not found is looked for again
 * from there.
 */
export async function lastGeneration(log: RecordLog, root: string, runId: string): Promise<LastGeneration | undefined> {
  for (let noted = await notedGeneration(root, runId); ; ) {
    const found = await lastFrom(log, root, runId, noted);
    // An earlier one than was noted may have been stored too late, after its run had gone on.
    if (found !== undefined && generationOf(found) >= (noted ?? 1)) return found;
    const before = noted;
    noted = await notedGeneration(root, runId);
    if (noted === before) return found;
  }
}

function generationOf({ id }: LastGeneration): number {
  return parseSuspensionId(id)?.generation ?? 1;
}

async function lastFrom(
  log: RecordLog,
  root: string,
  runId: string,
  noted: number | undefined,
): Promise<LastGeneration | undefined> {
  const at = (generation: number) => formatSuspensionId({ runId, generation });
  let generation = noted ?? 1;
  if (!(await log.hasBegun(at(generation)))) {
    // Before the first one is forgotten, the last one is noted.
    if (noted === undefined) return undefined;
    const found = await searchedGeneration(root, runId);
    if (found === undefined) return undefined;
    generation = found;
  }
  for (;;) {
    while (await log.hasBegun(at(generation + 1))) generation++;
    const lifecycle = await log.lifecycle(at(generation));
    const isContinued = lifecycle?.state === 'settled' && lifecycle.outcome.state === 'continued';
    // A crash may have left the next one without its name: reading it gives it one.
    if (lifecycle === undefined) return undefined;
    if (!isContinued || (await log.lifecycle(at(generation + 1))) === undefined)
      return { id: at(generation), lifecycle };
  }
}

/** Early generations may have been forgotten. */
async function searchedGeneration(root: string, runId: string): Promise<number | undefined> {
  let last: number | undefined;
  let after: string | undefined = `${runId}.`;
  while (after !== undefined) {
    const { records, next }: Awaited<ReturnType<typeof scanShard>> = await scanShard(root, shardOf(runId), after);
    for (const { id, hasBegun } of records) {
      const parsed = parseSuspensionId(id);
      if (parsed?.runId !== runId) return last;
      if (hasBegun) last = Math.max(last ?? 0, parsed.generation);
    }
    after = next;
  }
  return last;
}
