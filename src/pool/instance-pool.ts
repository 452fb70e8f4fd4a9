import type { PoolConfig } from '../config/resolve-pool.js';
import type { CompileOrder, ScriptOutcome } from '../contract/compile.js';
import { whenAborted } from '../contract/waiting.js';
import { NexusError } from '../errors/nexus-error.js';
import { fromWireError } from '../errors/wire.js';
import { runtimeClosed } from './calls.js';
import { Dispatcher } from './dispatcher.js';
import type { Execution, HandlerPool, PoolState, Treatment } from './handler-pool.js';
import { compilationsOf, Job, type JobEnd, NO_TENANT, type TenantKey } from './job.js';
import { epochMs, type Request, type ResumeRequest } from './protocol.js';
import type { RetirementReason } from './retirement.js';
import { queueTimeout, saturated } from './saturation.js';
import type { WorkerThreads } from './worker-threads.js';

/** What may end a job from outside. Default of each: nothing does. */
interface Bounds {
  readonly signal?: AbortSignal | undefined;
  readonly queueTimeoutMs?: number | undefined;
  /** As `epochMs` has it. */
  readonly deadlineAtMs?: number | undefined;
}

/** Workers: admission, cancellation and waiting, all that lies between a call and its job. */
export class InstancePool implements HandlerPool {
  readonly #config: PoolConfig;
  readonly #dispatcher: Dispatcher;
  #isClosed = false;

  /** @param threads equipped */
  constructor(threads: WorkerThreads, config: PoolConfig, onRetired: (reason: RetirementReason) => void) {
    this.#config = config;
    this.#dispatcher = new Dispatcher(threads, config, onRetired);
  }

  get maxInstances(): number {
    return this.#config.maxInstances;
  }

  get stats(): PoolState {
    const { busy, idle, starting, queued, memoryBytes } = this.#dispatcher;
    return { busy, idle, starting, queued, memoryBytes };
  }

  async ready(instances?: number): Promise<void> {
    if (this.#isClosed) throw runtimeClosed();
    await this.#dispatcher.ready(Math.max(instances ?? 0, this.#config.minInstances));
  }

  async load(key: string, bytecode: Uint8Array): Promise<void> {
    if (this.#isClosed) throw runtimeClosed();
    const limitMs = this.#config.compileTimeoutMs;
    const jobs = this.#dispatcher.addToAll(() => new Job({ kind: 'load', key, bytecode }, { limitMs }));
    for (const ended of await Promise.all(jobs.map(({ end }) => end))) {
      if ('reply' in ended && ended.reply.kind === 'failed') throw fromWireError(ended.reply.error);
    }
  }

  async compileScript(source: string, filename: string, order?: CompileOrder): Promise<ScriptOutcome> {
    if (this.#isClosed) throw runtimeClosed();
    const limitMs = this.#config.compileTimeoutMs;
    if (order !== undefined) this.#admit(order.tenant);
    const job = new Job({ kind: 'compile', source, filename }, { tenant: compilationsOf(order?.tenant), limitMs });
    this.#dispatcher.add(job);
    // What no call waits for has all the time.
    const queueTimeoutMs = order === undefined ? undefined : (order.queueTimeoutMs ?? this.#config.queueTimeoutMs);
    const end = await this.#await(job, { queueTimeoutMs });
    if ('interruption' in end) {
      const limit = `compileTimeoutMs (${limitMs} ms)`;
      return { ok: false, problem: { kind: 'time', message: `it took longer than ${limit}` } };
    }
    if (end.reply.kind === 'failed') throw fromWireError(end.reply.error);
    if (end.reply.kind !== 'compiled') throw unexpected(end.reply.kind);
    return end.reply.outcome;
  }

  announce(): void {
    this.#dispatcher.announce();
  }

  execute(request: Extract<Request, { kind: 'execute' }>, treatment: Treatment = {}): Promise<Execution> {
    return this.#execute(request, request.key, treatment);
  }

  resume(request: ResumeRequest, treatment: Treatment = {}): Promise<Execution> {
    return this.#execute({ kind: 'resume', ...request }, `resume:${request.key}`, treatment);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#dispatcher.close();
  }

  async #execute(
    request: Extract<Request, { kind: 'execute' | 'resume' }>,
    estimateKey: string,
    { signal, tenant: name, queueTimeoutMs = this.#config.queueTimeoutMs }: Treatment,
  ): Promise<Execution> {
    if (this.#isClosed) throw runtimeClosed();
    if (signal?.aborted) return { interruption: 'cancelled', runningMs: 0 };
    const limitMs = request.limits.timeoutMs + this.#config.killGraceMs;
    const tenant: TenantKey = name ?? NO_TENANT;
    const job = new Job(request, { tenant, limitMs, estimateKey });
    this.#admit(name);
    this.#dispatcher.add(job);
    const end = await this.#await(job, { signal, queueTimeoutMs, deadlineAtMs: request.deadline?.atMs });
    if ('interruption' in end) return end;
    if (end.reply.kind === 'failed') throw fromWireError(end.reply.error);
    if (end.reply.kind !== 'executed') throw unexpected(end.reply.kind);
    return { executed: end.reply };
  }

  /** @throws NexusError POOL_SATURATED */
  #admit(tenant: string | undefined): void {
    const { maxInstances, maxQueue, maxQueuePerTenant } = this.#config;
    const { busy, waiting: queued } = this.#dispatcher;
    // What a worker will take at once, be it one that has yet to start, is no queue.
    const room = maxInstances - busy;
    const estimatedWaitMs = this.#dispatcher.estimatedWaitMs;
    if (queued >= maxQueue + room) throw saturated({ queued, maxQueue, estimatedWaitMs });
    if (tenant === undefined) return;
    const queuedOfTenant = this.#dispatcher.queuedOf(tenant) + this.#dispatcher.queuedOf(compilationsOf(tenant));
    if (queuedOfTenant < maxQueuePerTenant + room) return;
    throw saturated({ queued, tenant, queuedOfTenant, maxQueuePerTenant, estimatedWaitMs });
  }

  async #await(job: Job, { signal, queueTimeoutMs = Number.POSITIVE_INFINITY, deadlineAtMs }: Bounds): Promise<JobEnd> {
    const releases: (() => void)[] = [];
    if (signal !== undefined) releases.push(whenAborted(signal, () => this.#dispatcher.cancel(job)));
    if (job.isQueued && Number.isFinite(queueTimeoutMs)) {
      const timer = setTimeout(() => {
        const { queued } = this.#dispatcher;
        if (this.#dispatcher.withdraw(job)) job.reject(queueTimeout({ queued, queueTimeoutMs }));
      }, queueTimeoutMs);
      releases.push(() => clearTimeout(timer));
    }
    if (deadlineAtMs !== undefined) {
      // A handler that executes ends by itself then, and has its effects so far.
      const timer = setTimeout(
        () => {
          if (this.#dispatcher.withdraw(job)) job.settle({ interruption: 'deadline', runningMs: 0 });
        },
        Math.max(0, deadlineAtMs - epochMs()),
      );
      releases.push(() => clearTimeout(timer));
    }
    if (releases.length === 0) return job.end;
    try {
      return await job.end;
    } finally {
      for (const release of releases) release();
    }
  }
}

function unexpected(kind: string): NexusError {
  return new NexusError('INTERNAL_ERROR', `A worker answered with "${kind}", which was not the question.`);
}
