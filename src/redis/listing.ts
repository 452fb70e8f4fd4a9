import type { SuspensionFilter, SuspensionPage, SuspensionSummary } from '../api/suspension-store.js';
import { NexusError } from '../errors/nexus-error.js';
import { matches } from '../suspension/check.js';
import type { StoreParts } from './due-runs.js';
import { PARTITIONS } from './layout.js';
import { summaryOf } from './records.js';
import { SUMMARIES } from './scripts.js';

/** Partitions that are asked for ids together, at most: in a large store the first has all of a page, in a small one most have none. */
const PARTITIONS_AT_ONCE = 16;
const LINES_AT_ONCE = 100;

type Line = readonly [Buffer, Buffer, Buffer, number];

/** A page of ids, and what is known of each. */
export async function listPage(
  parts: StoreParts,
  options: SuspensionFilter & { readonly after?: string; readonly limit: number },
): Promise<SuspensionPage> {
  const { after = '', limit } = options;
  const ids = await idsAfter(parts, after, limit + 1);
  const page = ids.slice(0, limit);
  const suspensions: SuspensionSummary[] = [];
  const unreadable: string[] = [];
  for (const line of await linesOf(parts, page)) {
    try {
      const summary = summaryOf(line);
      if (matches(options, summary)) suspensions.push(summary);
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      unreadable.push(line[0].toString());
    }
  }
  const last = page.at(-1);
  return { suspensions, unreadable, ...(ids.length > limit && last !== undefined && { next: last }) };
}

async function idsAfter({ client, layout }: StoreParts, after: string, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  const first = after.slice(0, 1);
  const left = PARTITIONS.filter((partition) => partition >= first);
  for (let atOnce = 1; left.length > 0 && found.length < count; atOnce = Math.min(2 * atOnce, PARTITIONS_AT_ONCE)) {
    const missing = count - found.length;
    const some = await Promise.all(
      left
        .splice(0, atOnce)
        .map((partition) =>
          client.callBuffer(
            'ZRANGEBYLEX',
            `${layout.ofPartition(partition)}ids`,
            `(${after}`,
            '+',
            'LIMIT',
            0,
            missing,
          ),
        ),
    );
    for (const ids of some as Buffer[][]) for (const id of ids) found.push(id.toString());
  }
  return found.slice(0, count);
}

/** In the order of the ids. */
async function linesOf({ calls, layout }: StoreParts, ids: readonly string[]): Promise<readonly Line[]> {
  const groups: string[][] = [];
  for (const id of ids) {
    const last = groups.at(-1);
    if (last === undefined || last.length >= LINES_AT_ONCE || last[0]?.[0] !== id[0]) groups.push([id]);
    else last.push(id);
  }
  // The server has its turn for others between two of them.
  const answers = await Promise.all(
    groups.map((group) => calls.call(SUMMARIES, layout.ofRun(group[0] as string), group) as Promise<Line[]>),
  );
  return answers.flat();
}
