import type { PoolConfig } from '../config/resolve-pool.js';
import { NexusError } from '../errors/nexus-error.js';
import { epochMs, type Reply } from '../protocol/messages.js';
import type { RetirementReason } from '../protocol/retirement.js';
import { runtimeClosed } from '../support/in-flight.js';
import { performance, setImmediate } from '../support/timers.js';
import type { PoolLoad } from './admissions.js';
import { BatchComposer } from './batch-composer.js';
import { DurationEstimates } from './duration-estimates.js';
import { FairQueue } from './fair-queue.js';
import { isCompilation, type Job, type JobEnd, type TenantKey } from './job.js';
import type { ThreadStarter } from './thread-starter.js';
import { WorkerGone } from './tinypool-thread.js';
import { Unsealed } from './unsealed.js';
import { WatchdogTimer } from './watchdog-timer.js';
import type { Batch, WorkerHandle } from './worker-handle.js';
import { WorkerSet } from './worker-set.js';

/** A batch that is at one request for this long gives the others away. */
const STALL_MS = 10;
/** A job that loses its worker before it was begun has done nothing: it is begun again, a few times. */
const MAX_RESTARTS = 3;

/** The worker that had the job ended by itself while it executed it. */
export class WorkerCrashed extends NexusError {
  constructor(cause: WorkerGone) {
    super('INTERNAL_ERROR', `A worker ended unexpectedly: ${cause.message}. The pool has replaced it.`, { cause });
  }
}

/** Of a job that was meant for a worker that is gone: there is nobody left to do it for. */
const WORKER_GONE: JobEnd = { interruption: 'cancelled', runningMs: 0 };

/** The deadline of its call is over. */
function isLate({ request }: Job): boolean {
  return 'deadline' in request && request.deadline !== undefined && epochMs() >= request.deadline.atMs;
}

/**
 * Brings jobs and workers together. Jobs that are known to be quick travel several at a time; when one of them holds up or kills its
 * worker, the control block tells which, and only that one bears it: the others are executed elsewhere, as nothing of them was
 * delivered.
 */
export class Dispatcher implements PoolLoad {
  readonly #config: PoolConfig;
  readonly #instances: WorkerSet;
  readonly #queue: FairQueue;
  readonly #estimates = new DurationEstimates();
  readonly #composer: BatchComposer;
  readonly #patrol = new WatchdogTimer(() => this.#look());
  readonly #unsealed = new Unsealed(() => this.#dispatch());
  readonly #onRetired: (reason: RetirementReason) => void;
  /** Whose replies have just come may bring as many new jobs at once; they are waited for. */
  #isGathering = false;
  /** Tenants that broke a worker, for each that is not replaced yet. */
  readonly #charged: { readonly tenant: TenantKey; readonly wasCompiling: boolean }[] = [];
  #isClosed = false;

  constructor(threads: ThreadStarter, config: PoolConfig, onRetired: (reason: RetirementReason) => void) {
    this.#config = config;
    this.#onRetired = onRetired;
    this.#queue = new FairQueue({
      capOf: (tenant) => this.#capOf(tenant),
      // Compiling cannot be interrupted: of several workers it leaves one to executions.
      compilers: Math.max(1, config.maxInstances - 1),
    });
    this.#composer = new BatchComposer(this.#queue, this.#estimates);
    this.#instances = new WorkerSet(threads, config, {
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

  get starting(): number {
    return this.#instances.starting;
  }

  /** Executions that wait. */
  get queued(): number {
    return this.#queue.size - this.#queue.compilations;
  }

  /** All that wait, be it for a compilation or for an execution. */
  get waiting(): number {
    return this.#queue.size;
  }

  waitingOf(tenant: TenantKey): number {
    return this.#queue.sizeOf(tenant);
  }

  /** Of one that is queued behind so many, in milliseconds, going by what executions took so far. */
  estimateWaitMs(waiting: number): number {
    return Math.ceil((waiting * this.#estimates.meanUs) / 1000 / this.#config.maxInstances);
  }

  /** Resolves when so many workers are up. */
  ready(instances: number): Promise<void> {
    this.#patrol.wake();
    return this.#instances.ready(instances);
  }

  /** A job will be added at once, most likely: whoever will have it may as well get up. */
  prewake(): void {
    if (this.#queue.size === 0) this.#instances.nextIdle?.prewake();
  }

  add(job: Job): void {
    this.#queue.push(job);
    this.#patrol.wake();
    this.#dispatch();
  }

  /** A tenant waits for a job that another one added. */
  join(job: Job, tenant: TenantKey): void {
    if (!job.isQueued) return;
    this.#queue.join(job, tenant);
    this.#dispatch();
  }

  /** A snapshot is to be compressed. @returns what tells that it is, once */
  noteUnsealed(tenant: TenantKey, bytes: number): () => void {
    return this.#unsealed.add(tenant, bytes);
  }

  /** Takes back a job that was not begun. False when it was, or is settled. */
  withdraw(job: Job): boolean {
    if (job.isSettled) return false;
    if (!job.isQueued) return job.holder?.takeBack(job) ?? false;
    this.#queue.remove(job);
    return true;
  }

  /** Cancels a job, wherever it is. A worker that executes it is asked to stop, and ended when it does not. */
  cancel(job: Job): void {
    if (job.isSettled) return;
    const { holder } = job;
    const running = holder?.current();
    this.#queue.remove(job);
    if (holder !== undefined && !holder.takeBack(job)) holder.cancel(job);
    job.settle({ interruption: 'cancelled', runningMs: running?.job === job ? running.runningMs : 0 });
  }

  /** One job for each worker that is up, past the queue, as soon as it is idle. */
  addToAll(create: () => Job): Job[] {
    this.#patrol.wake();
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
    this.#patrol.stop();
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
    const batch: Batch = { jobs, tenants: new Set(jobs.map(({ tenant }) => tenant)), isCompiling, isReleased: false };
    for (const tenant of batch.tenants) this.#queue.occupy(tenant);
    if (isCompiling) this.#queue.countCompiler(1);
    for (const job of jobs) job.holder = instance;
    instance.run(batch).then(
      (replies) => this.#onReplies(instance, batch, replies),
      (error: unknown) => this.#onFailure(instance, batch, error),
    );
  }

  #onReplies(instance: WorkerHandle, batch: Batch, replies: readonly (Reply | undefined)[]): void {
    if (instance.phase === 'ended' || this.#isClosed) return;
    this.#vacate(batch);
    const next = instance.next.shift();
    if (next === undefined) this.#instances.giveBack(instance);
    else this.#begin(instance, [next]);
    // Who waits for these may call again in the same turn; together they are one message.
    const isBurst = batch.jobs.length > 1;
    if (isBurst && !this.#isGathering) {
      this.#isGathering = true;
      setImmediate(() => {
        this.#isGathering = false;
        this.#dispatch();
      });
    }
    for (const [i, job] of batch.jobs.entries()) {
      const reply = replies[i];
      if (reply === undefined) continue;
      if (reply.kind === 'executed') this.#note(job, reply.durationUs, reply.retired);
      // It was to be begun elsewhere, or was, as this worker did not get on.
      this.#queue.remove(job);
      const { holder } = job;
      if (holder !== undefined && holder !== instance && !holder.takeBack(job)) holder.cancel(job);
      job.settle({ reply });
    }
    if (this.#isResting) this.#patrol.rest();
    this.#dispatch();
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

  /** At every tick of the patrol. */
  #look(): boolean {
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

  /** A deadline ends the time of an execution early. */
  #limitOf({ limitMs, request }: Job, runningMs: number): number {
    if (!('deadline' in request) || request.deadline === undefined) return limitMs;
    const untilDeadlineMs = request.deadline.atMs - epochMs() + runningMs;
    return Math.min(limitMs, Math.max(0, untilDeadlineMs) + this.#config.killGraceMs);
  }

  /** Others in the batch do not wait for one that takes its time. */
  #release(instance: WorkerHandle, holdingUp: Job): void {
    const { batch } = instance;
    if (batch === undefined || batch.jobs.length === 1 || batch.isReleased) return;
    batch.isReleased = true;
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

  /** The worker that a tenant broke counts as used by it until there is another: it does not go on to break the next one. */
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

  /** What a worker that is gone leaves behind. */
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

  /** Jobs that did nothing that anybody saw wait again, before all others. */
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

  /** Whoever waits learns why, unless there is a worker that will come to them. */
  #onStartFailure(error: NexusError): void {
    this.#forgiveLoss(this.#charged.length);
    if (this.#instances.size > 0) {
      this.#dispatch();
      return;
    }
    for (const job of this.#queue.drain()) job.reject(error);
  }
}
