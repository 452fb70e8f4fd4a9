import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { SuspensionSweep } from '../config/suspension-store.js';
import { NexusError } from '../errors/nexus-error.js';
import { isOrphaned, parseTemporary, type Temporary } from '../files/temporary.js';
import { parseSuspensionId } from './ids.js';
import { idAfter, pathOf, type RecordLog } from './record-log.js';
import { inBatches, type ScannedShard, SHARDS, scanShard } from './record-scan.js';
import { decideExpiry } from './standing.js';

/** A record is written in milliseconds, or on a bad disk in seconds. */
const STALE_TEMPORARY_MS = 60 * 60 * 1000;
/** File systems round times. */
const ROUNDING_MS = 1;

interface Report {
  readonly expired: string[];
  forgotten: number;
  readonly unreadable: string[];
}

/**
 * One pass over all suspensions. A file's time of modification says when there is something to do about it, so one look at
 * its status is all that most cost. Any number of processes may do this at once.
 */
export async function sweepRecords(log: RecordLog, root: string, nowMs: number): Promise<SuspensionSweep> {
  const report: Report = { expired: [], forgotten: 0, unreadable: [] };
  await sweepTemporaries(root, await temporariesIn(root), nowMs);
  for (const shard of SHARDS) {
    const scanned = await scanShard(root, shard);
    await sweepTemporaries(join(root, shard), scanned.temporaries, nowMs);
    const expiredBefore = report.expired.length;
    await inBatches(runsOf(scanned), (ids) => sweepRun(log, root, scanned, ids, nowMs, report));
    const [one] = report.expired.slice(expiredBefore);
    if (one !== undefined) await log.sync(one);
  }
  return report;
}

/** Ids of each run, by generation. */
function runsOf({ versions }: ScannedShard): string[][] {
  const runs = new Map<string, { id: string; generation: number }[]>();
  for (const id of versions.keys()) {
    const parsed = parseSuspensionId(id);
    if (parsed === undefined) continue;
    const { runId, generation } = parsed;
    const known = runs.get(runId);
    if (known === undefined) runs.set(runId, [{ id, generation }]);
    else known.push({ id, generation });
  }
  return [...runs.values()].map((run) => run.sort((a, b) => a.generation - b.generation).map(({ id }) => id));
}

/**
 * A generation is forgotten only when nothing is left of the one before it: that one could bring it back, see
 * {@link RecordLog}.
 */
async function sweepRun(
  log: RecordLog,
  root: string,
  { versions }: ScannedShard,
  ids: readonly string[],
  nowMs: number,
  report: Report,
): Promise<void> {
  let isFirstLeft = true;
  for (const id of ids) {
    const known = versions.get(id) ?? [];
    const isRemoved = await sweepOne(log, root, id, known, nowMs, isFirstLeft, report);
    isFirstLeft &&= isRemoved;
  }
}

/** Whether nothing is left of it. */
async function sweepOne(
  log: RecordLog,
  root: string,
  id: string,
  versions: readonly number[],
  nowMs: number,
  isFirstLeft: boolean,
  report: Report,
): Promise<boolean> {
  const last = versions.at(-1) ?? 0;
  const [beginning, status] = await Promise.all([statusOf(root, id, 0), statusOf(root, id, last)]);
  if (beginning === undefined) {
    // Being forgotten, or transitions that came too late.
    await log.forget(id, versions);
    return true;
  }
  if (status === undefined || status.mtimeMs > nowMs + ROUNDING_MS) return false;
  try {
    if (await log.change(id, (standing) => decideExpiry(standing, nowMs))) report.expired.push(id);
    const standing = await log.standing(id);
    if (standing?.state !== 'settled' || nowMs < standing.outcome.keepUntilMs || !isFirstLeft) return false;
    const next = idAfter(id);
    if (standing.outcome.state === 'continued' && next !== undefined) await log.promote(id, standing.version, next);
    // Also those that were not there yet when the names were read.
    const all = Array.from({ length: standing.version + 1 }, (_, version) => version);
    await log.forget(id, all);
    report.forgotten++;
    return true;
  } catch (error) {
    if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') throw error;
    report.unreadable.push(id);
    return false;
  }
}

async function temporariesIn(root: string): Promise<{ name: string; temporary: Temporary }[]> {
  const names = await readdir(root);
  return names.flatMap((name) => {
    const temporary = parseTemporary(name);
    return temporary === undefined ? [] : [{ name, temporary }];
  });
}

async function sweepTemporaries(
  directory: string,
  temporaries: ScannedShard['temporaries'],
  nowMs: number,
): Promise<void> {
  for (const { name, temporary } of temporaries) {
    const path = join(directory, name);
    const status = await lstat(path).catch(() => undefined);
    // Its time of modification means something else, that of its last change of any kind does not.
    if (status === undefined || !isOrphaned(temporary, status.ctimeMs, nowMs, STALE_TEMPORARY_MS)) continue;
    await rm(path, { force: true }).catch(() => {});
  }
}

async function statusOf(root: string, id: string, version: number) {
  try {
    return await lstat(pathOf(root, id, version));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
