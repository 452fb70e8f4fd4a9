import type { WorkerStatus } from '../api/observing/worker-status.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import { NexusError } from '../errors/nexus-error.js';
import { epochMs, type Reply } from '../protocol/messages.js';
import type { RetirementReason } from '../protocol/retirement.js';
import { debug } from '../support/debug.js';
import { runtimeClosed } from '../support/in-flight.js';
import { performance, setImmediate } from '../support/timers.js';
import type { PoolLoad } from './admissions.js';
import { BatchComposer } from './batch-composer.js';
import type { CheckpointAreas } from './checkpoints/areas.js';
import { DurationEstimates } from './duration-estimates.js';
import { FairQueue } from './fair-queue.js';
import { describeJob, isCompilation, isLate, type Job, type JobEnd, type TenantKey } from './job.js';
import type { ThreadStarter } from './thread-starter.js';
import { WorkerGone } from './tinypool-thread.js';
import { Unsealed } from './unsealed.js';
import { WatchdogTimer } from './watchdog-timer.js';
import type { Batch, WorkerHandle } from './worker-handle.js';
import { WorkerSet } from './worker-set.js';

/** When a batch has been at one request for this long, its other requests are released. */
const STALL_MS = 10;
/** A job whose worker is lost before it was started has had no effect: it is started again, a few times. */
const MAX_RESTARTS = 3;

/** The worker crashed while it executed the job. */
export class WorkerCrashed extends NexusError {
  constructor(cause: WorkerGone) {
    super('INTERNAL_ERROR', `A worker ended unexpectedly: ${cause.message}. The pool has replaced it.`, { cause });
  }
}

/** The end of a job for a specific worker that is gone. */
const WORKER_GONE: JobEnd = { interruption: 'cancelled', runningMs: 0 };

/**
 * Assigns jobs to workers. Quick jobs travel several at a time. If one of them stalls or kills its worker,
 * the control block says which, and only that job is affected: the others are executed elsewhere, because
 * none of their effects was delivered.
 */
export class JobDispatcher implements PoolLoad {
  readonly #config: PoolConfig;
  readonly #instances: WorkerSet;
  readonly #queue: FairQueue;
  readonly #estimates = new DurationEstimates();
  readonly #composer: BatchComposer;
  readonly #watchdog = new WatchdogTimer(() => this.#checkWorkers());
  readonly #unsealed = new Unsealed(() => this.#dispatch());
  readonly #onRetired: (reason: RetirementReason) => void;
  /** Callers whose replies have just arrived may add as many new jobs at once, so these are awaited. */
  #isGathering = false;
  /** Tenants that broke a worker, for each worker that is not replaced yet. */
  readonly #charged: { readonly tenant: TenantKey; readonly wasCompiling: boolean }[] = [];
  #isClosed = false;

  constructor(
    threads: ThreadStarter,
    config: PoolConfig,
    areas: CheckpointAreas,
    onRetired: (reason: RetirementReason) => void,
  ) {
    this.#config = config;
    this.#onRetired = onRetired;
    this.#queue = new FairQueue({
      capOf: (tenant) => this.#capOf(tenant),
      // Compiling cannot be interrupted, so one of several workers is kept for executions.
      compilers: Math.max(1, config.maxInstances - 1),
    });
    this.#composer = new BatchComposer(this.#queue, this.#estimates);
    this.#instances = new WorkerSet(threads, config, areas, {
      onReady: () => this.#onReady(),
      onLost: (instance, reason) => this.#onLost(instance, reason),
      onStartFailure: (error) => this.#onStartFailure(error),
      onRetired,
    });
    this.#instances.growTo(config.minInstances);
  }

  get busy(): number {
    return this.#instances.busy;
  }

  get idle(): number {
    return this.#instances.idle;
  }

  get memoryBytes(): number {
    return this.#instances.memoryBytes;
  }

  /** What each does. */
  get workers(): readonly WorkerStatus[] {
    return this.#instances.describe();
  }

  get starting(): number {
    return this.#instances.starting;
  }

  /** Waiting executions. */
  get queued(): number {
    return this.#queue.size - this.#queue.compilations;
  }

  /** Everything that waits, for a compilation or for an execution. */
  get waiting(): number {
    return this.#queue.size;
  }

  waitingOf(tenant: TenantKey): number {
    return this.#queue.sizeOf(tenant);
  }

  /** The estimated wait behind this many executions, in milliseconds, based on previous executions. */
  estimateWaitMs(waiting: number): number {
    return Math.ceil((waiting * this.#estimates.meanUs) / 1000 / this.#config.maxInstances);
  }

  /** Resolves when this many workers are started. */
  ready(instances: number): Promise<void> {
    this.#watchdog.wake();
    return this.#instances.ready(instances);
  }

  /** A job will probably be added at once, so a worker is woken for it; not if it is to travel with others. */
  prewake(): void {
    if (this.#queue.size === 0 && !this.#isGathering) this.#instances.nextIdle?.prewake();
  }

  add(job: Job): void {
    if (debug.pool.hasSubscribers)
      debug.pool.publish({ step: 'queued', ...describeJob(job), waiting: this.#queue.size });
    this.#queue.push(job);
    this.#watchdog.wake();
    this.#dispatch();
  }

  /** A tenant waits for a job that another one added. */
  join(job: Job, tenant: TenantKey): void {
    if (!job.isQueued) return;
    this.#queue.join(job, tenant);
    this.#dispatch();
  }

  /** Counts a snapshot that waits to be compressed. @returns a function to call when it is compressed */
  noteUnsealed(tenant: TenantKey, bytes: number): () => void {
    return this.#unsealed.add(tenant, bytes);
  }

  /** Withdraws a job that was not started. False if it was started or is settled. */
  withdraw(job: Job): boolean {
    if (job.isSettled) return false;
    if (!job.isQueued) return job.holder?.takeBack(job) ?? false;
    this.#queue.remove(job);
    return true;
  }

  /** Cancels a job, wherever it is. A worker that executes it is asked to stop, and terminated if it does not. */
  cancel(job: Job): void {
    if (job.isSettled) return;
    const { holder } = job;
    const running = holder?.current();
    this.#queue.remove(job);
    if (holder !== undefined && !holder.takeBack(job)) holder.cancel(job);
    job.settle({ interruption: 'cancelled', runningMs: running?.job === job ? running.runningMs : 0 });
  }

  /** Adds one job for each started worker. It bypasses the queue and runs as soon as the worker is idle. */
  addToAll(create: () => Job): Job[] {
    this.#watchdog.wake();
    const jobs: Job[] = [];
    for (const instance of this.#instances.allUp()) {
      const job = create();
      jobs.push(job);
      if (instance.phase === 'idle') {
        this.#instances.take(instance);
        this.#begin(instance, [job]);
      } else instance.next.push(job);
    }
    return jobs;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchdog.stop();
    for (const job of this.#queue.drain()) job.reject(runtimeClosed());
    for (const { batch, next } of this.#instances.allBusy()) {
      for (const job of [...(batch?.jobs ?? []), ...next]) job.reject(runtimeClosed());
    }
    await this.#instances.close();
  }

  #capOf(tenant: TenantKey): number {
    if (this.#unsealed.isFull(tenant)) return 0;
    return typeof tenant === 'string' ? this.#config.maxInstancesPerTenant : Number.POSITIVE_INFINITY;
  }

  #dispatch(): void {
    if (this.#isGathering || this.#isClosed) return;
    while (this.#queue.hasEligible) {
      const instance = this.#instances.takeIdle();
      if (instance === undefined) {
        const { size, starting } = this.#instances;
        if (starting < this.#queue.size) this.#instances.growTo(size + 1);
        return;
      }
      const { size, idle } = this.#instances;
      this.#begin(instance, this.#composer.take(size, idle > 0));
    }
  }

  #begin(instance: WorkerHandle, jobs: readonly Job[]): void {
    const isCompiling = jobs.some(isCompilation);
    const isConversation = this.#isConversation(jobs);
    const tenants = new Set(jobs.map(({ tenant }) => tenant));
    const batch: Batch = { jobs, tenants, isCompiling, isConversation, isReleased: false };
    for (const tenant of batch.tenants) this.#queue.occupy(tenant);
    if (isCompiling) this.#queue.countCompiler(1);
    for (const job of jobs) job.holder = instance;
    if (debug.pool.hasSubscribers) debug.pool.publish({ step: 'sent', worker: instance.id, requests: jobs.length });
    instance.run(batch, {
      onReplies: (replies) => this.#onReplies(instance, batch, replies),
      onFailure: (error) => this.#onFailure(instance, batch, error),
    });
  }

  #isConversation([job, ...others]: readonly Job[]): boolean {
    if (job === undefined || !isOfRun(job) || others.length > 0) return false;
    return this.#instances.busy === 1 && this.#queue.size === 0 && this.#composer.isQuick(job);
  }

  #onReplies(instance: WorkerHandle, batch: Batch, replies: readonly (Reply | undefined)[]): void {
    if (instance.phase === 'ended' || this.#isClosed) {
      for (const reply of replies) release(reply);
      return;
    }
    if (debug.pool.hasSubscribers)
      debug.pool.publish({ step: 'replied', worker: instance.id, requests: replies.length });
    this.#vacate(batch);
    const next = instance.next.shift();
    if (next === undefined) this.#instances.giveBack(instance);
    else this.#begin(instance, [next]);
    if (batch.jobs.length > 1 || (this.#instances.busy > 0 && batch.jobs.some(isOfRun))) this.#gather();
    for (let i = 0; i < batch.jobs.length; i++) {
      const job = batch.jobs[i];
      const reply = replies[i];
      if (job !== undefined && reply !== undefined) this.#settle(instance, job, reply);
    }
    if (this.#isResting) this.#watchdog.rest();
    this.#dispatch();
  }

  /**
   * Who waits for several replies may call again in the same turn; together these calls are one message. So do runs of which
   * several are under way: each goes on as soon as it has its answer.
   */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      this.#dispatch();
    });
  }

  #settle(instance: WorkerHandle, job: Job, reply: Reply): void {
    if (reply.kind === 'executed') this.#note(job, reply.durationUs, reply.retired);
    // It was to be begun elsewhere, or was, as this worker did not get on.
    this.#queue.remove(job);
    const { holder } = job;
    if (holder !== undefined && holder !== instance && !holder.takeBack(job)) holder.cancel(job);
    if (!job.settle({ reply })) release(reply);
  }

  /** What cannot be told to a worker, or be understood of it, is a fault of ours; those that are gone are seen to elsewhere. */
  #onFailure(instance: WorkerHandle, { jobs }: Batch, error: unknown): void {
    if (error instanceof WorkerGone || instance.phase === 'ended') return;
    const reason = error instanceof Error ? error.message : String(error);
    const fault = new NexusError('INTERNAL_ERROR', `A message between threads failed: ${reason}.`, { cause: error });
    for (const job of jobs) if (job.holder === instance) job.reject(fault);
    this.#instances.retire(instance, 'crashed');
    this.#takeOver(instance, () => true);
  }

  #note({ estimateKey }: Job, durationUs: number, retired: readonly RetirementReason[]): void {
    if (estimateKey !== undefined) this.#estimates.record(estimateKey, durationUs);
    for (const reason of retired) this.#onRetired(reason);
  }

  #vacate(batch: Batch): void {
    for (const tenant of batch.tenants) this.#queue.vacate(tenant);
    batch.tenants.clear();
    if (batch.isCompiling) this.#queue.countCompiler(-1);
    batch.isCompiling = false;
  }

  get #isResting(): boolean {
    return this.#queue.size === 0 && this.#instances.busy === 0 && !this.#instances.isAwaited;
  }

  /** Checks the workers at every tick of the watchdog timer. */
  #checkWorkers(): boolean {
    for (const instance of [...this.#instances.allBusy()]) {
      const current = instance.current();
      if (current === undefined) continue;
      const { job, runningMs } = current;
      if (runningMs >= STALL_MS) this.#release(instance, job);
      if (job.isSettled) {
        const isIgnored = performance.now() - job.settledAt >= this.#config.killGraceMs;
        if (isIgnored) this.#kill(instance, job, 'cancelled', runningMs);
      } else if (runningMs >= this.#limitOf(job, runningMs)) this.#kill(instance, job, 'watchdog', runningMs);
    }
    return !this.#isResting;
  }

  /** A deadline shortens the time of an execution. */
  #limitOf({ limitMs, request }: Job, runningMs: number): number {
    if (!('deadline' in request) || request.deadline === undefined) return limitMs;
    const untilDeadlineMs = request.deadline.atMs - epochMs() + runningMs;
    return Math.min(limitMs, Math.max(0, untilDeadlineMs) + this.#config.killGraceMs);
  }

  /** Releases the other requests of a batch in which one takes long. */
  #release(instance: WorkerHandle, holdingUp: Job): void {
    const { batch } = instance;
    if (batch === undefined || batch.jobs.length === 1 || batch.isReleased) return;
    batch.isReleased = true;
    if (debug.pool.hasSubscribers) {
      const facts = { worker: instance.id, requests: batch.jobs.length - 1, heldUpBy: describeJob(holdingUp).key };
      debug.pool.publish({ step: 'released', ...facts });
    }
    this.#vacate(batch);
    batch.tenants.add(holdingUp.tenant);
    this.#queue.occupy(holdingUp.tenant);
    this.#requeue(
      instance,
      batch.jobs.filter((job) => job !== holdingUp),
    );
    this.#dispatch();
  }

  #kill(instance: WorkerHandle, culprit: Job, interruption: 'watchdog' | 'cancelled', runningMs: number): void {
    if (culprit.estimateKey !== undefined) this.#estimates.record(culprit.estimateKey, runningMs * 1000);
    if (debug.pool.hasSubscribers) {
      debug.pool.publish({ step: 'terminated', worker: instance.id, interruption, runningMs, ...describeJob(culprit) });
    }
    this.#chargeLoss(instance, culprit);
    culprit.settle({ interruption, runningMs });
    this.#instances.retire(instance, interruption);
    this.#takeOver(instance, (job) => job !== culprit);
  }

  #onLost(instance: WorkerHandle, reason: WorkerGone): void {
    for (const job of instance.batch?.jobs ?? []) {
      if (job.isSettled || !instance.isExecuting(job)) continue;
      job.crashes++;
      this.#chargeLoss(instance, job);
      if (job.estimateKey !== undefined) this.#estimates.distrust(job.estimateKey);
      if (job.crashes > (this.#config.retryOnCrash ? 1 : 0)) job.reject(new WorkerCrashed(reason));
    }
    this.#takeOver(instance, () => true, reason);
  }

  /**
   * The worker that a tenant broke counts as used by it until it is replaced, so that the tenant cannot break
   * the next one at once.
   */
  #chargeLoss({ batch }: WorkerHandle, { tenant }: Job): void {
    if (!batch?.tenants.delete(tenant)) return;
    this.#charged.push({ tenant, wasCompiling: batch.isCompiling });
    batch.isCompiling = false;
  }

  #forgiveLoss(losses = 1): void {
    for (const { tenant, wasCompiling } of this.#charged.splice(0, losses)) {
      this.#queue.vacate(tenant);
      if (wasCompiling) this.#queue.countCompiler(-1);
    }
  }

  /** Handles the jobs of a lost worker. */
  #takeOver(instance: WorkerHandle, isLeft: (job: Job) => boolean, reason?: WorkerGone): void {
    const { batch, next } = instance;
    if (batch === undefined) return;
    this.#vacate(batch);
    for (const job of next.splice(0)) job.settle(WORKER_GONE);
    const left = batch.jobs.filter((job) => isLeft(job) && !job.isSettled && job.holder === instance);
    for (const job of left) {
      if (reason === undefined) continue;
      job.restarts++;
      if (job.restarts > MAX_RESTARTS) job.reject(new WorkerCrashed(reason));
    }
    this.#requeue(instance, left);
    this.#dispatch();
  }

  /** Requeues jobs without an observable effect, ahead of all others. */
  #requeue(instance: WorkerHandle, jobs: readonly Job[]): void {
    for (const job of [...jobs].reverse()) {
      if (job.isSettled || job.isQueued || job.holder !== instance) continue;
      instance.takeBack(job);
      job.holder = undefined;
      if (isLate(job)) job.settle({ interruption: 'deadline', runningMs: 0 });
      else this.#queue.pushFront(job);
    }
  }

  #onReady(): void {
    this.#forgiveLoss();
    this.#dispatch();
  }

  /** Reports the reason to all waiting jobs, unless there is a worker that can execute them. */
  #onStartFailure(error: NexusError): void {
    this.#forgiveLoss(this.#charged.length);
    if (this.#instances.size > 0) {
      this.#dispatch();
      return;
    }
    for (const job of this.#queue.drain()) job.reject(error);
  }
}

function isOfRun({ checkpointKey }: Job): boolean {
  return checkpointKey !== undefined;
}

/** Nobody takes it. */
function release(reply: Reply | undefined): void {
  if (reply?.kind === 'executed') reply.checkpoint?.release();
}
