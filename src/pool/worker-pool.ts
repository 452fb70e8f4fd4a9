import type { WorkerStatus } from '../api/observing/worker-status.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import { NexusError } from '../errors/nexus-error.js';
import { fromWireError } from '../errors/wire.js';
import type { Admission, Compilation, CompileUnit } from '../protocol/compile.js';
import {
  epochMs,
  type ImageDescription,
  type ImageRequest,
  type Request,
  unexpectedReply,
} from '../protocol/messages.js';
import type { RetirementReason } from '../protocol/retirement.js';
import { runtimeClosed } from '../support/in-flight.js';
import { clearTimeout, setTimeout } from '../support/timers.js';
import { whenAborted } from '../support/waiting.js';
import { Admissions } from './admissions.js';
import { CheckpointAreas } from './checkpoints/areas.js';
import { JobDispatcher } from './dispatcher.js';
import type { DispatchOptions, Execution, HandlerPool, LoadableHandler, PoolState } from './handler-pool.js';
import { APPLICATION, Job, NO_TENANT, type TenantKey } from './job.js';
import { PoolCompilation } from './pool-compilation.js';
import { queueTimeout } from './saturation.js';
import type { ThreadStarter } from './thread-starter.js';

/** What may end a job from outside. Each is optional. */
interface Bounds {
  readonly signal?: AbortSignal | undefined;
  readonly queueTimeoutMs?: number | undefined;
  /** As `epochMs` returns it. */
  readonly deadlineAtMs?: number | undefined;
}

/** The pool of workers: admission, cancellation and waiting, and everything else between a call and its job. */
export class WorkerPool implements HandlerPool {
  readonly #config: PoolConfig;
  readonly #dispatcher: JobDispatcher;
  readonly #admissions: Admissions;
  readonly #areas: CheckpointAreas;
  #isClosed = false;

  /** @param threads initialised threads */
  constructor(threads: ThreadStarter, config: PoolConfig, onRetired: (reason: RetirementReason) => void) {
    this.#config = config;
    this.#areas = new CheckpointAreas(config.maxLiveBytes);
    this.#dispatcher = new JobDispatcher(threads, config, this.#areas, onRetired);
    this.#admissions = new Admissions(config, this.#dispatcher);
  }

  get maxInstances(): number {
    return this.#config.maxInstances;
  }

  get stats(): PoolState {
    const { busy, idle, starting, queued, memoryBytes } = this.#dispatcher;
    return { busy, idle, starting, queued, memoryBytes: memoryBytes + this.#areas.memoryBytes };
  }

  get workers(): readonly WorkerStatus[] {
    return this.#dispatcher.workers;
  }

  async ready(instances?: number): Promise<void> {
    if (this.#isClosed) throw runtimeClosed();
    await this.#dispatcher.ready(Math.max(instances ?? 0, this.#config.minInstances));
  }

  async load({ key, bytecode, librarySet }: LoadableHandler): Promise<void> {
    if (this.#isClosed) throw runtimeClosed();
    const limitMs = this.#config.compileTimeoutMs;
    const jobs = this.#dispatcher.addToAll(() => new Job({ kind: 'load', key, bytecode, librarySet }, { limitMs }));
    for (const ended of await Promise.all(jobs.map(({ end }) => end))) {
      if ('reply' in ended && ended.reply.kind === 'failed') throw fromWireError(ended.reply.error);
    }
  }

  admit(tenant: string | undefined): Admission {
    if (this.#isClosed) throw runtimeClosed();
    return this.#admissions.admit(tenant);
  }

  compile({ source, encoded, filename, shape }: CompileUnit): Compilation {
    if (this.#isClosed) throw runtimeClosed();
    const { compileTimeoutMs: limitMs, queueTimeoutMs } = this.#config;
    const job = new Job({ kind: 'compile', source: encoded ?? source, filename, shape }, { limitMs });
    return new PoolCompilation(this.#dispatcher, job, queueTimeoutMs);
  }

  prewake(): void {
    this.#dispatcher.prewake();
  }

  execute(request: Extract<Request, { kind: 'execute' }>, options: DispatchOptions = {}): Promise<Execution> {
    return this.#execute(request, request.key, options);
  }

  resume(request: Extract<Request, { kind: 'resume' }>, options: DispatchOptions = {}): Promise<Execution> {
    return this.#execute(request, `resume:${request.key}`, options);
  }

  async describeImage(request: ImageRequest): Promise<ImageDescription> {
    if (this.#isClosed) throw runtimeClosed();
    const job = new Job({ kind: 'image', ...request }, { tenant: APPLICATION, limitMs: this.#config.compileTimeoutMs });
    this.#dispatcher.add(job);
    const end = await job.end;
    if ('interruption' in end) throw new NexusError('INTERNAL_ERROR', 'A worker did not describe its image in time.');
    if (end.reply.kind === 'failed') throw fromWireError(end.reply.error);
    if (end.reply.kind !== 'image') throw unexpectedReply(end.reply.kind);
    return end.reply;
  }

  noteUnsealed(tenant: string | undefined, bytes: number): () => void {
    return this.#dispatcher.noteUnsealed(tenant ?? NO_TENANT, bytes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#dispatcher.close();
  }

  #execute(
    request: Extract<Request, { kind: 'execute' | 'resume' }>,
    estimateKey: string,
    options: DispatchOptions,
  ): Promise<Execution> {
    // perf: one promise for each execution. What is thrown here rejects it.
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw runtimeClosed();
      const { signal, tenant: name, handlerName, admission, isLive = false } = options;
      const { queueTimeoutMs = this.#config.queueTimeoutMs } = options;
      if (signal?.aborted) {
        resolve({ interruption: 'cancelled', runningMs: 0 });
        return;
      }
      const limitMs = request.limits.timeoutMs + this.#config.killGraceMs;
      const tenant: TenantKey = name ?? NO_TENANT;
      // One whose log is listened to is not run again because others hold up its worker.
      const isAlone = request.logRing !== undefined;
      const job = new Job(request, {
        tenant,
        handlerName,
        limitMs,
        checkpointKey: isLive ? request.key : undefined,
        estimateKey: isAlone ? undefined : estimateKey,
      });
      if (admission === undefined) this.#admissions.check(name);
      admission?.release();
      this.#dispatcher.add(job);
      const unbind = this.#bind(job, { signal, queueTimeoutMs, deadlineAtMs: request.deadline?.atMs });
      job.listen({
        onEnd(end) {
          unbind?.();
          if ('interruption' in end) resolve(end);
          else if (end.reply.kind === 'executed') resolve({ executed: end.reply });
          else if (end.reply.kind === 'failed') reject(fromWireError(end.reply.error));
          else reject(unexpectedReply(end.reply.kind));
        },
        onError(error) {
          unbind?.();
          reject(error);
        },
      });
    });
  }

  /** Ends the job from outside when one of its bounds is reached. @returns what ends the watch; undefined if it has none */
  #bind(
    job: Job,
    { signal, queueTimeoutMs = Number.POSITIVE_INFINITY, deadlineAtMs }: Bounds,
  ): (() => void) | undefined {
    const isQueueBounded = job.isQueued && Number.isFinite(queueTimeoutMs);
    const unlisten = signal && whenAborted(signal, () => this.#dispatcher.cancel(job));
    if (!isQueueBounded && deadlineAtMs === undefined) return unlisten;
    const queueTimer = isQueueBounded
      ? setTimeout(() => this.#endWaiting(job, queueTimeoutMs), queueTimeoutMs)
      : undefined;
    const deadlineTimer =
      deadlineAtMs === undefined
        ? undefined
        : setTimeout(
            () => {
              // An execution that has started ends by itself then, and has its effects so far.
              if (this.#dispatcher.withdraw(job)) job.settle({ interruption: 'deadline', runningMs: 0 });
            },
            Math.max(0, deadlineAtMs - epochMs()),
          );
    return () => {
      unlisten?.();
      clearTimeout(queueTimer);
      clearTimeout(deadlineTimer);
    };
  }

  #endWaiting(job: Job, queueTimeoutMs: number): void {
    const { queued } = this.#dispatcher;
    if (this.#dispatcher.withdraw(job)) job.reject(queueTimeout({ queued, queueTimeoutMs }));
  }
}
