import type { DueSuspension } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { runIdOf } from '../../support/run-ids.js';
import { dueness } from '../lifecycle.js';
import { dueOf } from '../views.js';
import { type DueHint, DueIndex } from './due-index.js';
import { lastGeneration } from './last-generation.js';
import type { RecordLog } from './record-log.js';
import { inBatches } from './record-scan.js';

/** Suspensions that are due, by the hints of an index, of which each is checked. Hints that are over are removed. */
export async function findDue(
  log: RecordLog,
  root: string,
  nowMs: number,
  { limit, deployment }: { readonly limit: number; readonly deployment?: string },
): Promise<readonly DueSuspension[]> {
  const index = new DueIndex(root);
  const found = new Map<string, DueSuspension>();
  const looked = new Set<string>();
  for await (const hints of index.upTo(nowMs, deployment)) {
    const fresh = hints.filter(({ id }) => !looked.has(id));
    await inBatches(fresh, async (hint) => {
      if (found.size >= limit) return;
      looked.add(hint.id);
      const due = await checkHint(log, root, index, hint, nowMs);
      if (due !== undefined && found.size < limit) found.set(due.id, due);
    });
    if (found.size >= limit) break;
  }
  return [...found.values()];
}

async function checkHint(
  log: RecordLog,
  root: string,
  index: DueIndex,
  hint: DueHint,
  nowMs: number,
): Promise<DueSuspension | undefined> {
  let { id } = hint;
  const runId = runIdOf(id);
  try {
    let lifecycle = await log.lifecycle(id);
    if (lifecycle === undefined) {
      await index.removeIfStale(hint);
      return undefined;
    }
    const hasGoneOn = lifecycle.state === 'settled' && lifecycle.outcome.state === 'continued';
    // Whoever recorded that may have died before it noted that the next one is due.
    if (hasGoneOn) ({ id, lifecycle } = (await lastGeneration(log, root, runId)) ?? { id, lifecycle });
    const messages = await log.mailbox(runId).pending();
    const is = dueness(lifecycle, messages, nowMs);
    if (is === 'settled' || is === 'waits') await index.remove(hint);
    if (is !== 'due') return undefined;
    const facts = (await log.headerAt(id, 0))?.beginning?.facts;
    return facts && dueOf(facts);
  } catch (error) {
    // A damaged one is not due: a listing names it.
    if (error instanceof NexusError && error.code === 'SUSPENSION_INCOMPATIBLE') return undefined;
    throw error;
  }
}
