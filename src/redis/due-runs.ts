import type { DueSuspension } from '../api/suspension-store.js';
import type { ScriptCalls } from './calls.js';
import type { RedisLike } from './client.js';
import { type Layout, PARTITIONS } from './layout.js';
import { unpackFacts } from './records.js';
import { DUE } from './scripts.js';

/** Of a partition, more than its share of what is asked for, because they are not equally full. */
const SHARES = 2;
const SURPLUS = 8;

interface Found {
  readonly due: DueSuspension;
  readonly atMs: number;
}

/** A sorted set, and since when its first one is due. */
interface Queue {
  readonly partition: string;
  readonly deployment: string;
}

export interface StoreParts {
  readonly client: RedisLike;
  readonly layout: Layout;
  readonly calls: ScriptCalls;
}

/** Suspensions that are due, of all partitions: those where nothing is due cost one look. */
export async function findDue(
  parts: StoreParts,
  nowMs: number,
  { limit, deployment }: { readonly limit: number; readonly deployment?: string },
): Promise<readonly DueSuspension[]> {
  const queues = (
    await Promise.all(PARTITIONS.map((partition) => queuesOf(parts, partition, nowMs, deployment)))
  ).flat();
  if (queues.length === 0) return [];
  const share = Math.min(limit, SHARES * Math.ceil(limit / queues.length) + SURPLUS);
  let found = await takeOf(parts, queues, nowMs, share);
  // Some have more than their share, and others less.
  const mayHaveMore = found.some((some) => some.length >= share) && share < limit;
  if (mayHaveMore && found.flat().length < limit) found = await takeOf(parts, queues, nowMs, limit);
  const inOrder = found.flat().sort((a, b) => a.atMs - b.atMs);
  return inOrder.slice(0, limit).map(({ due }) => due);
}

async function queuesOf(
  { client, layout }: StoreParts,
  partition: string,
  nowMs: number,
  deployment: string | undefined,
): Promise<readonly Queue[]> {
  const key = layout.ofPartition(partition);
  const names =
    deployment === undefined
      ? Array.from((await client.callBuffer('SMEMBERS', `${key}deps`)) as Iterable<Buffer>, String)
      : [deployment];
  const first = await Promise.all(
    names.map((name) => client.callBuffer('ZRANGEBYSCORE', `${key}due:${name}`, '-inf', nowMs, 'LIMIT', 0, 1)),
  );
  return names
    .filter((_, index) => (first[index] as readonly unknown[]).length > 0)
    .map((name) => ({ partition, deployment: name }));
}

async function takeOf(
  { calls, layout }: StoreParts,
  queues: readonly Queue[],
  nowMs: number,
  limit: number,
): Promise<readonly (readonly Found[])[]> {
  return Promise.all(
    queues.map(async ({ partition, deployment }) => {
      const answer = await calls.call(DUE, layout.ofPartition(partition), [nowMs, limit, deployment]);
      return (answer as readonly (readonly [Buffer, Buffer, Buffer])[]).flatMap(foundOf);
    }),
  );
}

function foundOf([id, at, bytes]: readonly [Buffer, Buffer, Buffer]): readonly Found[] {
  try {
    const { tenant, deployment } = unpackFacts(bytes);
    const owners = { ...(tenant !== undefined && { tenant }), ...(deployment !== undefined && { deployment }) };
    return [{ due: { id: id.toString(), ...owners }, atMs: Number(at) }];
  } catch {
    // A damaged one is not due: a listing names it.
    return [];
  }
}
