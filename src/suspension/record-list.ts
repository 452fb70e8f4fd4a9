import type { SuspensionPage, SuspensionSummary } from '../config/suspension-store.js';
import { NexusError } from '../errors/nexus-error.js';
import { idAfter, type RecordLog, shardOf } from './record-log.js';
import { inBatches, type ScannedShard, SHARDS, scanShard } from './record-scan.js';

/** What is said of one id: a line, that it is damaged, or nothing, when it was forgotten meanwhile. */
type Line = { readonly summary: SuspensionSummary } | { readonly unreadable: string } | undefined;

/** One page of all suspensions, by id. Opens the files of those on the page, and no others. */
export async function listRecords(log: RecordLog, root: string, after: string, limit: number): Promise<SuspensionPage> {
  const suspensions: SuspensionSummary[] = [];
  const unreadable: string[] = [];
  let last: string | undefined;
  let room = limit;
  for (const shard of SHARDS) {
    if (after !== '' && shard < shardOf(after)) continue;
    const { ids, lines } = await listShard(log, root, shard, after, room);
    if (room === 0 && ids.length > 0) return { suspensions, unreadable, ...(last !== undefined && { next: last }) };
    const listed = ids.slice(0, room);
    for (const line of lines) {
      if (line === undefined) continue;
      if ('summary' in line) suspensions.push(line.summary);
      else unreadable.push(line.unreadable);
    }
    last = listed.at(-1) ?? last;
    if (ids.length > room) return { suspensions, unreadable, ...(last !== undefined && { next: last }) };
    room -= listed.length;
  }
  return { suspensions, unreadable };
}

/** All ids behind `after`, and lines for the first of them. */
async function listShard(
  log: RecordLog,
  root: string,
  shard: string,
  after: string,
  room: number,
): Promise<{ readonly ids: readonly string[]; readonly lines: readonly Line[] }> {
  for (;;) {
    const scanned = await scanShard(root, shard);
    const ids = [...scanned.versions].flatMap(([id, [first]]) => (first === 0 && id > after ? [id] : [])).sort();
    let isRecovered = false;
    const lines = await inBatches(ids.slice(0, room), async (id) => {
      const { line, recovered } = await describeRecord(log, scanned, id);
      isRecovered ||= recovered;
      return line;
    });
    // The next generation of a run that a crash left without its name has it now, and its place in the order.
    if (!isRecovered) return { ids, lines };
  }
}

async function describeRecord(
  log: RecordLog,
  { versions }: ScannedShard,
  id: string,
): Promise<{ readonly line: Line; readonly recovered: boolean }> {
  try {
    const version = versions.get(id)?.at(-1) ?? 0;
    const [first, last] = await Promise.all([log.headerAt(id, 0), version > 0 ? log.headerAt(id, version) : undefined]);
    const beginning = first?.beginning;
    if (beginning === undefined || (version > 0 && last === undefined)) return { line: undefined, recovered: false };
    const standing = last?.transition?.standing;
    const state =
      standing === undefined ? 'suspended' : standing.state === 'settled' ? standing.outcome.state : standing.state;
    const next = idAfter(id);
    const recovered =
      state === 'continued' && next !== undefined && !versions.has(next) && (await log.promote(id, version, next));
    const { createdAtMs, expiresAtMs, info } = beginning.facts;
    const envelopeBytes = beginning.envelope.bytes;
    return { line: { summary: { id, state, createdAtMs, expiresAtMs, envelopeBytes, info } }, recovered };
  } catch (error) {
    if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') throw error;
    return { line: { unreadable: id }, recovered: false };
  }
}
