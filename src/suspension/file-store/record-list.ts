import type { SuspensionFilter, SuspensionPage, SuspensionSummary } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { idAfter } from '../../support/run-ids.js';
import { matches } from '../check.js';
import type { RecordLog } from './record-log.js';
import { shardOf } from './record-paths.js';
import { IDS_AT_ONCE, inBatches, type ScannedRecord, SHARDS, scanShard } from './record-scan.js';

/** The line for one id, its damage, or nothing if it was deleted meanwhile. */
type Line = { readonly summary: SuspensionSummary } | { readonly unreadable: string } | undefined;

/** One page of all suspensions, by id. Opens only the files of those on the page. */
export async function listRecords(
  log: RecordLog,
  root: string,
  { after = '', limit, ...filter }: SuspensionFilter & { readonly after?: string; readonly limit: number },
): Promise<SuspensionPage> {
  const suspensions: SuspensionSummary[] = [];
  const unreadable: string[] = [];
  let last: string | undefined;
  let room = Math.min(limit, IDS_AT_ONCE);
  for (const shard of SHARDS) {
    if (after !== '' && shard < shardOf(after)) continue;
    const { records, hasMore, lines } = await listShard(log, root, shard, after, room);
    for (const line of lines) {
      if (line === undefined) continue;
      if ('summary' in line) {
        if (matches(filter, line.summary)) suspensions.push(line.summary);
      } else unreadable.push(line.unreadable);
    }
    last = records.at(-1)?.id ?? last;
    if (hasMore) return { suspensions, unreadable, ...(last !== undefined && { next: last }) };
    room -= records.length;
  }
  return { suspensions, unreadable };
}

/** The first started suspensions of a shard, and whether there are more. */
async function listShard(
  log: RecordLog,
  root: string,
  shard: string,
  after: string,
  room: number,
): Promise<{ readonly records: readonly ScannedRecord[]; readonly hasMore: boolean; readonly lines: readonly Line[] }> {
  for (;;) {
    const found = await begunIn(root, shard, after, room + 1);
    const records = found.slice(0, room);
    let isRecovered = false;
    const lines = await inBatches(records, async (record) => {
      const { line, recovered } = await describeRecord(log, record);
      isRecovered ||= recovered;
      return line;
    });
    // A crash had left the next generation of a run without its name; now it has its name and its place in
    // the order.
    if (!isRecovered) return { records, hasMore: found.length > room, lines };
  }
}

/** Suspensions without a start are being deleted and are skipped. */
async function begunIn(root: string, shard: string, after: string, limit: number): Promise<ScannedRecord[]> {
  const begun: ScannedRecord[] = [];
  let from: string | undefined = after;
  while (from !== undefined && begun.length < limit) {
    const { records, next }: Awaited<ReturnType<typeof scanShard>> = await scanShard(root, shard, from, limit);
    for (const record of records) if (record.hasBegun && begun.length < limit) begun.push(record);
    from = next;
  }
  return begun;
}

async function describeRecord(
  log: RecordLog,
  { id, lastVersion }: ScannedRecord,
): Promise<{ readonly line: Line; readonly recovered: boolean }> {
  try {
    const [first, last] = await Promise.all([
      log.headerAt(id, 0),
      lastVersion > 0 ? log.headerAt(id, lastVersion) : undefined,
    ]);
    const beginning = first?.beginning;
    if (beginning === undefined || (lastVersion > 0 && last === undefined))
      return { line: undefined, recovered: false };
    const standing = last?.transition?.standing;
    const state =
      standing === undefined ? 'suspended' : standing.state === 'settled' ? standing.outcome.state : standing.state;
    const next = state === 'continued' ? idAfter(id) : undefined;
    const recovered = next !== undefined && !(await log.hasBegun(next)) && (await log.promote(id, lastVersion, next));
    const envelopeBytes = beginning.envelope.bytes;
    const summary = { ...beginning.facts, state, envelopeBytes };
    if (last?.transition?.standing.state !== 'settled') return { line: { summary }, recovered };
    // Files are never changed: the envelope stays until the suspension is deleted.
    return { line: { summary: { ...summary, storedBytes: envelopeBytes + last.transition.content.bytes } }, recovered };
  } catch (error) {
    if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') throw error;
    return { line: { unreadable: id }, recovered: false };
  }
}
