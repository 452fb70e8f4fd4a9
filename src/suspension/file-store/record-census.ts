import { NexusError } from '../../errors/nexus-error.js';
import type { KeptSize, KnownVersions } from '../room/kept.js';
import type { RecordLog } from './record-log.js';
import { inBatches, pagesOf, type ScannedRecord, SHARDS } from './record-scan.js';

/** The number of suspensions that are reported at a time. */
const BATCH = 256;

/**
 * The size of each suspension, from the headers of its files. Unchanged ones are not opened again. Damaged
 * ones are not counted, because their tenant is unknown.
 *
 * @param known the last version of an id that the caller knows
 */
export async function* countRecords(
  log: RecordLog,
  root: string,
  known: KnownVersions,
): AsyncGenerator<readonly KeptSize[]> {
  for (const shard of SHARDS) {
    for await (const { records } of pagesOf(root, shard)) {
      for (let start = 0; start < records.length; start += BATCH) {
        const sizes = await inBatches(records.slice(start, start + BATCH), (record) => sizeOf(log, record, known));
        yield sizes.filter((size) => size !== undefined);
      }
    }
  }
}

async function sizeOf(
  log: RecordLog,
  { id, hasBegun, lastVersion }: ScannedRecord,
  known: KnownVersions,
): Promise<KeptSize | undefined> {
  if (!hasBegun) return undefined;
  if (known(id) === lastVersion) return { id, isUnchanged: true };
  try {
    const [first, last] = await Promise.all([
      log.headerAt(id, 0),
      lastVersion > 0 ? log.headerAt(id, lastVersion) : undefined,
    ]);
    if (first?.beginning === undefined) return undefined;
    const { facts, envelope } = first.beginning;
    return {
      id,
      tenant: facts.tenant,
      version: lastVersion,
      isSettled: last?.transition?.standing.state === 'settled',
      bytes: envelope.bytes + (last?.transition?.content.bytes ?? 0),
      atMs: last?.transition?.standing.state === 'settled' ? last.transition.standing.outcome.settledAtMs : 0,
    };
  } catch (error) {
    if (error instanceof NexusError && error.code === 'SUSPENSION_INCOMPATIBLE') return undefined;
    throw error;
  }
}
