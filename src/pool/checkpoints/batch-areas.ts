import type { ExecutionReply, Reply } from '../../protocol/messages.js';
import type { Job } from '../job.js';
import type { CheckpointAreas, TakenArea } from './areas.js';

/** An area for each job of a batch that may become a checkpoint, as long as there is room. */
export type BatchAreas = readonly (TakenArea | undefined)[];

/** @returns undefined if no job may become a checkpoint */
export function takeAreas(jobs: readonly Job[], areas: CheckpointAreas): BatchAreas | undefined {
  if (!jobs.some(({ checkpointKey }) => checkpointKey !== undefined)) return undefined;
  return jobs.map(({ checkpointKey }) => (checkpointKey === undefined ? undefined : areas.take(checkpointKey)));
}

export function releaseAreas(areas: BatchAreas | undefined): void {
  for (const area of areas ?? []) area?.release();
}

/** Gives each reply the checkpoint that its worker has written, and releases all other areas. */
export function attachCheckpoints(
  replies: readonly (Reply | undefined)[],
  taken: BatchAreas,
  jobs: readonly Job[],
  areas: CheckpointAreas,
): void {
  for (const [i, job] of jobs.entries()) {
    const reply = replies[i];
    attachCheckpoint(reply?.kind === 'executed' ? reply : undefined, taken[i], job.checkpointKey, areas);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** @param reply undefined if there is none, or it failed */
export function attachCheckpoint(
  reply: Mutable<ExecutionReply> | undefined,
  area: TakenArea | undefined,
  key: string | undefined,
  areas: CheckpointAreas,
): void {
  const bytes = reply?.checkpointBytes;
  if (bytes !== undefined && key !== undefined) areas.noteNeed(key, bytes);
  if (area === undefined) return;
  if (reply === undefined || bytes === undefined || reply.snapshot !== undefined || bytes > area.bytes.length) {
    area.release();
    return;
  }
  reply.checkpoint = area.written(bytes);
}
