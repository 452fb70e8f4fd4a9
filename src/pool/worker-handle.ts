import type { WorkerStatus } from '../api/observing/worker-status.js';
import { KnownToWorker } from '../protocol/batch/known.js';
import { decodeReplies, encodeBatch } from '../protocol/batch-codec.js';
import { ItemState } from '../protocol/control-block.js';
import type { Message } from '../protocol/mailbox.js';
import type { Reply, Request } from '../protocol/messages.js';
import type { CheckpointAreas } from './checkpoints/areas.js';
import { BatchAreas } from './checkpoints/batch-areas.js';
import type { Job, JobHolder, TenantKey } from './job.js';
import type { WorkerGone, WorkerThread } from './tinypool-thread.js';

/**
 * The phase of a worker:
 *
 * - starting: it boots and builds its base image
 * - idle: it waits for work
 * - busy: it has a batch
 * - ended: it has ended or is about to; further messages from it are ignored
 */
export type InstancePhase = 'starting' | 'idle' | 'busy' | 'ended';

/** The jobs that a worker has. */
export interface Batch {
  readonly jobs: readonly Job[];
  /** The tenants for which the use of the worker counts. */
  readonly tenants: Set<TenantKey>;
  /** Whether its use as a compiler counts. */
  isCompiling: boolean;
  /** One quick job of a run, while no other worker has work: the threads may wait for each other without sleeping. */
  readonly isConversation: boolean;
  /** Whether all jobs except the stalling one were given to other workers. */
  isReleased: boolean;
}

/** Is told once what came of a batch. */
export interface BatchListener {
  /** @param replies one for each job, in order; undefined for revoked jobs */
  onReplies(replies: readonly (Reply | undefined)[]): void;
  /** @param error {@link WorkerGone}, or a fault of the messages */
  onFailure(error: unknown): void;
}

/** By the kind of a request. */
const STATES: Readonly<Record<string, WorkerStatus['state']>> = {
  compile: 'compiling',
  execute: 'executing',
  resume: 'executing',
};

let created = 0;

/** A worker as the pool sees it. */
export class WorkerHandle implements JobHolder {
  /** For diagnostics. */
  readonly id = ++created;
  phase: InstancePhase = 'starting';
  batch: Batch | undefined;
  /** Jobs for this specific worker, which are started first when it is idle. */
  readonly next: Job[] = [];
  /** On the clock of `performance.now()`. */
  idleSince = 0;
  /** Whether it has ever replied. */
  hasReplied = false;
  /** Memory of its VMs, as of its last reply. */
  memoryBytes = 0;
  readonly #thread: WorkerThread;
  readonly #areas: CheckpointAreas;
  readonly #known = new KnownToWorker();

  constructor(thread: WorkerThread, areas: CheckpointAreas) {
    this.#thread = thread;
    this.#areas = areas;
  }

  set onGone(listener: (reason: WorkerGone) => void) {
    this.#thread.onGone = listener;
  }

  /** Announces that it will get work at once. */
  prewake(): void {
    this.#thread.prewake();
  }

  /** Sends it a batch. perf: no promises, because some messages have one request. */
  run(batch: Batch, listener: BatchListener): void {
    this.phase = 'busy';
    this.batch = batch;
    this.#thread.control.reset(batch.jobs.length);
    const areas = BatchAreas.of(batch.jobs, this.#areas);
    const onError = (error: unknown) => {
      // It may write to them until it is really gone.
      if (areas !== undefined) void this.#thread.exited.then(() => areas.release());
      listener.onFailure(error);
    };
    const requests = batch.jobs.map(({ request }) => request);
    const onMessage = (message: Message) => {
      let replies: readonly (Reply | undefined)[];
      try {
        replies = this.#read(message, requests, areas);
      } catch (error) {
        onError(error);
        return;
      }
      listener.onReplies(replies);
    };
    try {
      const message = encodeBatch(requests, areas?.written, this.#known);
      this.#thread.run(message, batch.isConversation, { onMessage, onError });
    } catch (error) {
      // Who has it begin a batch is not done with that yet.
      void Promise.resolve().then(() => onError(error));
    }
  }

  #read(message: Message, requests: readonly Request[], areas: BatchAreas | undefined): readonly (Reply | undefined)[] {
    const { replies, memoryBytes } = decodeReplies(message, requests);
    areas?.attachTo(replies);
    this.memoryBytes = memoryBytes;
    this.hasReplied = true;
    return replies;
  }

  current(): { readonly job: Job; readonly runningMs: number } | undefined {
    const current = this.#thread.control.current();
    const job = current === undefined ? undefined : this.batch?.jobs[current.item];
    return current === undefined || job === undefined ? undefined : { job, runningMs: current.runningMs };
  }

  describe(): WorkerStatus {
    const { id, phase, memoryBytes } = this;
    if (phase !== 'busy') return { id, state: phase === 'starting' ? phase : 'idle', memoryBytes };
    const current = this.current();
    if (current === undefined) return { id, state: 'working', memoryBytes };
    const { job, runningMs } = current;
    const { tenant, handlerName } = job;
    return {
      id,
      state: STATES[job.request.kind] ?? 'working',
      ...(handlerName !== undefined && { handlerName }),
      ...(typeof tenant === 'string' && { tenant }),
      runningMs,
      memoryBytes,
    };
  }

  /** Whether it was executing the job when it was last known to be alive. */
  isExecuting(job: Job): boolean {
    const item = this.#itemOf(job);
    return item >= 0 && this.#thread.control.stateOf(item) === ItemState.running;
  }

  takeBack(job: Job): boolean {
    const item = this.#itemOf(job);
    return item >= 0 && this.#thread.control.revoke(item);
  }

  cancel(job: Job): void {
    const item = this.#itemOf(job);
    if (item >= 0) this.#thread.control.cancel(item);
  }

  end(): Promise<void> {
    this.phase = 'ended';
    return this.#thread.end();
  }

  #itemOf(job: Job): number {
    return this.batch?.jobs.indexOf(job) ?? -1;
  }
}
