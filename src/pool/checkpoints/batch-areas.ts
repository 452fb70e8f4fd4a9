import type { CheckpointArea } from '../../protocol/checkpoint.js';
import type { ExecutionReply, Reply } from '../../protocol/messages.js';
import type { Mutable } from '../../support/mutable.js';
import type { Job } from '../job.js';
import type { CheckpointAreas, TakenArea } from './areas.js';

/** The areas that a worker has with a batch: it reads some, and writes others. */
export class BatchAreas {
  /** For each job that may become a checkpoint, as long as there is room. */
  readonly written: readonly (TakenArea | undefined)[];
  readonly #read: readonly CheckpointArea[];
  readonly #jobs: readonly Job[];
  readonly #areas: CheckpointAreas;

  /** @returns undefined if it has none, as most batches */
  static of(jobs: readonly Job[], areas: CheckpointAreas): BatchAreas | undefined {
    return jobs.some(({ checkpointKey }) => checkpointKey !== undefined) ? new BatchAreas(jobs, areas) : undefined;
  }

  private constructor(jobs: readonly Job[], areas: CheckpointAreas) {
    this.#jobs = jobs;
    this.#areas = areas;
    this.written = jobs.map(({ checkpointKey: key }) => (key === undefined ? undefined : areas.take(key)));
    const read: CheckpointArea[] = [];
    for (const { request } of jobs) {
      if (request.kind === 'resume' && request.checkpoint !== undefined) read.push(request.checkpoint);
    }
    this.#read = read;
    // A run that is called off releases its checkpoint while a worker may be reading it.
    for (const checkpoint of read) checkpoint.hold?.();
  }

  /** The worker has replied: each reply gets the checkpoint that was written for it; all other areas are released. */
  attachTo(replies: readonly (Reply | undefined)[]): void {
    for (let i = 0; i < this.#jobs.length; i++) {
      const reply = replies[i];
      const executed = reply?.kind === 'executed' ? reply : undefined;
      attachCheckpoint(executed, this.written[i], this.#jobs[i]?.checkpointKey, this.#areas);
    }
    this.#drop();
  }

  /** The worker is gone, and writes no more. */
  release(): void {
    for (const area of this.written) area?.release();
    this.#drop();
  }

  #drop(): void {
    for (const checkpoint of this.#read) checkpoint.drop?.();
  }
}

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
