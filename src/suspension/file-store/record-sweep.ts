import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { SuspensionSweep, SweepOptions } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { namesIn } from '../../support/files/directory-names.js';
import { isOrphaned, parseTemporary, type Temporary } from '../../support/files/temporary.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { decideExpiry } from '../lifecycle.js';
import type { RecordLog } from './record-log.js';
import { pathOf, shardOf } from './record-paths.js';
import { inBatches, pagesOf, type ScannedRecord, type ScannedShard, SHARDS } from './record-scan.js';

/** A record is written in milliseconds, or in seconds on a bad disk. */
const STALE_TEMPORARY_MS = 60 * 60 * 1000;
/** Of runs that are looked at before the limit of a sweep is. */
const RUNS_AT_ONCE = 16;
/** File systems round times. */
const ROUNDING_MS = 1;
/** Errors that a single name can cause: something other than a file, or a file that must not be touched. */
const FAULTS_OF_ONE_FILE: ReadonlySet<string | undefined> = new Set([
  'EISDIR',
  'ENOTDIR',
  'ENOTEMPTY',
  'EPERM',
  'EACCES',
  'ELOOP',
  'ERR_FS_EISDIR',
]);

interface Report {
  readonly expired: string[];
  readonly forgottenIds: string[];
  readonly unreadable: string[];
}

/**
 * One pass over all suspensions. A file's modification time says when it is due, so most suspensions cost
 * only reading its status. Any number of processes may sweep at the same time. A problem with one name does
 * not affect the others.
 *
 * @param options.after the last id of the part that the call before it did
 */
export async function sweepRecords(
  log: RecordLog,
  root: string,
  nowMs: number,
  { limit = Number.POSITIVE_INFINITY, after = '' }: SweepOptions,
): Promise<SuspensionSweep> {
  const report: Report = { expired: [], forgottenIds: [], unreadable: [] };
  let next: string | undefined;
  if (after === '') await sweepTemporaries(root, await temporariesIn(root), nowMs);
  for (const shard of SHARDS) {
    if (after !== '' && shard < shardOf(after)) continue;
    const expiredBefore = report.expired.length;
    next = await sweepShard(log, root, shard, nowMs, report, limit, after);
    const [one] = report.expired.slice(expiredBefore);
    if (one !== undefined) await log.sync(one);
    if (next !== undefined) break;
  }
  const { forgottenIds, ...rest } = report;
  const forgotten = forgottenIds.length;
  return { ...rest, forgotten, ...(forgotten > 0 && { forgottenIds }), ...(next !== undefined && { next }) };
}

/** @returns the last id that was looked at, if the limit was reached */
async function sweepShard(
  log: RecordLog,
  root: string,
  shard: string,
  nowMs: number,
  report: Report,
  limit: number,
  after: string,
): Promise<string | undefined> {
  for await (const { records, temporaries } of pagesOf(root, shard, after)) {
    await sweepTemporaries(join(root, shard), temporaries, nowMs);
    let chunk: ScannedRecord[][] = [];
    const done = () => report.expired.length + report.forgottenIds.length + report.unreadable.length;
    const sweepChunk = async () => {
      await inBatches(chunk, (run) => sweepRun(log, root, run, nowMs, report));
      const last = chunk.flat().reduce((most, { id }) => (id > most ? id : most), after);
      chunk = [];
      return done() >= limit ? last : undefined;
    };
    for (const run of runsOf(records)) {
      chunk.push(run);
      if (chunk.length < Math.min(limit - done(), RUNS_AT_ONCE)) continue;
      const last = await sweepChunk();
      if (last !== undefined) return last;
    }
    const last = await sweepChunk();
    if (last !== undefined) return last;
  }
  return undefined;
}

/** The records of each run, by generation. Sorted by id, those of a run are adjacent. */
function* runsOf(records: readonly ScannedRecord[]): Generator<ScannedRecord[]> {
  let run: { readonly record: ScannedRecord; readonly generation: number }[] = [];
  let runId: string | undefined;
  const inOrder = () => run.sort((a, b) => a.generation - b.generation).map(({ record }) => record);
  for (const record of records) {
    const parsed = parseSuspensionId(record.id);
    if (parsed === undefined) continue;
    if (parsed.runId !== runId) {
      if (run.length > 0) yield inOrder();
      run = [];
      runId = parsed.runId;
    }
    run.push({ record, generation: parsed.generation });
  }
  if (run.length > 0) yield inOrder();
}

async function sweepRun(
  log: RecordLog,
  root: string,
  run: readonly ScannedRecord[],
  nowMs: number,
  report: Report,
): Promise<void> {
  for (const record of run) {
    try {
      await sweepOne(log, root, record, nowMs, report);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isDamaged = error instanceof NexusError && error.code === 'SUSPENSION_INCOMPATIBLE';
      if (!isDamaged && !FAULTS_OF_ONE_FILE.has(code)) throw error;
      report.unreadable.push(record.id);
    }
  }
}

async function sweepOne(
  log: RecordLog,
  root: string,
  { id, versions, lastVersion }: ScannedRecord,
  nowMs: number,
  report: Report,
): Promise<void> {
  const [beginning, status] = await Promise.all([statusOf(root, id, 0), statusOf(root, id, lastVersion)]);
  // It is being deleted, or these are transitions that came too late.
  if (beginning === undefined) return log.forget(id, versions);
  if (status === undefined || status.mtimeMs > nowMs + ROUNDING_MS) return;
  if (await log.change(id, (standing) => decideExpiry(standing, nowMs))) report.expired.push(id);
  if (await log.forgetSettled(id, versions, (outcome) => nowMs >= outcome.keepUntilMs)) report.forgottenIds.push(id);
}

async function temporariesIn(root: string): Promise<{ name: string; temporary: Temporary }[]> {
  const found: { name: string; temporary: Temporary }[] = [];
  for await (const names of namesIn(root)) {
    for (const name of names) {
      const temporary = parseTemporary(name);
      if (temporary !== undefined) found.push({ name, temporary });
    }
  }
  return found;
}

async function sweepTemporaries(
  directory: string,
  temporaries: ScannedShard['temporaries'],
  nowMs: number,
): Promise<void> {
  for (const { name, temporary } of temporaries) {
    const path = join(directory, name);
    const status = await lstat(path).catch(() => undefined);
    // Its modification time has another meaning, but its change time does not.
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
