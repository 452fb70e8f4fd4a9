import type { WorkerStatus } from '../../api/observing/worker-status.js';
import { CheckpointAreas } from '../../pool/checkpoints/areas.js';
import { attachCheckpoint } from '../../pool/checkpoints/batch-areas.js';
import type { DispatchOptions, Execution, HandlerPool, LoadableHandler, PoolState } from '../../pool/handler-pool.js';
import type { CheckpointArea } from '../../protocol/checkpoint.js';
import type { Admission, Compilation, CompileUnit, HandlerOutcome } from '../../protocol/compile.js';
import {
  type ExecutionReply,
  epochMs,
  type ImageDescription,
  type ImageRequest,
  type Request,
  type ResumeRequest,
} from '../../protocol/messages.js';
import type { RetirementReason } from '../../protocol/retirement.js';
import { runtimeClosed } from '../../support/in-flight.js';
import { Semaphore } from '../../support/semaphore.js';
import type { Executor } from '../../worker/executor.js';

export interface CallingThreadOptions {
  readonly executor: Executor;
  /** Whether handlers are always executed in the worker. */
  readonly isWorkerOnly: boolean;
  /** Creates a pool with one worker, for handlers that need more stack than this thread has. */
  readonly createWorker: () => Promise<HandlerPool>;
  readonly onRetired: (reason: RetirementReason) => void;
  readonly maxLiveBytes: number;
}

/**
 * Compiles and executes handlers in the calling thread, one after the other.
 *
 * Everything that the VM enforces applies as in a worker. There are two differences. This thread cannot be
 * terminated, so a handler in a native loop without interrupt checks keeps running. A signal that fires while
 * a handler executes is noticed after it.
 *
 * The main thread of Node has a native stack of some 1 MB, too little for the recursion that `stackSizeBytes`
 * allows. A handler that overflows it has had no observable effect, so it is executed again in a worker with
 * a larger stack.
 */
export class CallingThread implements HandlerPool {
  readonly maxInstances = 1;
  readonly #options: CallingThreadOptions;
  readonly #areas: CheckpointAreas;
  /** A VM executes one handler at a time. */
  readonly #turns = new Semaphore(1);
  #queued = 0;
  #isBusy = false;
  #isClosed = false;
  #worker: Promise<HandlerPool> | undefined;

  constructor(options: CallingThreadOptions) {
    this.#options = options;
    this.#areas = new CheckpointAreas(options.maxLiveBytes);
  }

  get stats(): PoolState {
    const { memoryBytes } = this.#options.executor;
    const busy = this.#isBusy ? 1 : 0;
    return { busy, idle: this.#isClosed ? 0 : 1 - busy, starting: 0, queued: this.#queued, memoryBytes };
  }

  get workers(): readonly WorkerStatus[] {
    const { memoryBytes } = this.#options.executor;
    return this.#isClosed ? [] : [{ id: 1, state: this.#isBusy ? 'executing' : 'idle', memoryBytes }];
  }

  prewake(): void {}

  async ready(): Promise<void> {
    if (this.#isClosed) throw runtimeClosed();
  }

  load({ key, bytecode, librarySet }: LoadableHandler): Promise<void> {
    return this.#take(async (executor) => executor.load(key, bytecode, librarySet));
  }

  /** Calls are executed one after the other, without a limit. */
  admit(): Admission {
    if (this.#isClosed) throw runtimeClosed();
    return UNCOUNTED;
  }

  compile(unit: CompileUnit): Compilation {
    const outcome = this.#compile(unit);
    const over = outcome.then(
      () => {},
      () => {},
    );
    return { outcome, join: () => over };
  }

  async #compile(unit: CompileUnit): Promise<HandlerOutcome> {
    const outcome = await this.#take((executor) => executor.compileHandler(unit.source, unit.filename, unit.shape));
    if (outcome.ok || !outcome.isTooDeep) return outcome;
    const compilation = (await this.#inWorker()).compile(unit);
    await compilation.join(undefined);
    return compilation.outcome;
  }

  async execute(request: Extract<Request, { kind: 'execute' }>, options: DispatchOptions = {}): Promise<Execution> {
    const { signal } = options;
    const execution = await this.#execute(request, options, (executor, area) =>
      executor.execute({ ...request, ...area }, request.bytecode, () => signal?.aborted === true),
    );
    return execution ?? (await this.#inWorker()).execute(request, options);
  }

  async resume(request: Extract<Request, { kind: 'resume' }>, options: DispatchOptions = {}): Promise<Execution> {
    const { signal } = options;
    const execution = await this.#execute(request, options, (executor, area) =>
      executor.resume({ ...request, ...area }, () => signal?.aborted === true),
    );
    return execution ?? (await this.#inWorker()).resume(request, options);
  }

  describeImage(request: ImageRequest): Promise<ImageDescription> {
    return this.#take((executor) => executor.describeImage(request));
  }

  /** This thread creates and compresses one snapshot at a time. */
  noteUnsealed(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.close();
  }

  /** @returns undefined if this thread has too little stack */
  async #execute(
    { key, deadline }: Pick<ResumeRequest, 'key' | 'deadline'>,
    { signal, isLive = false }: DispatchOptions,
    run: (executor: Executor, area: { readonly area?: CheckpointArea }) => Promise<ExecutionReply>,
  ): Promise<Execution | undefined> {
    if (this.#options.isWorkerOnly) return undefined;
    return this.#take(async (executor) => {
      if (signal?.aborted) return { interruption: 'cancelled', runningMs: 0 };
      if (deadline !== undefined && epochMs() >= deadline.atMs) return { interruption: 'deadline', runningMs: 0 };
      const area = isLive ? this.#areas.take(key) : undefined;
      let executed: ExecutionReply | undefined;
      try {
        executed = await run(executor, area === undefined ? {} : { area });
      } finally {
        attachCheckpoint(executed, area, key, this.#areas);
      }
      if (executed.checkpoint !== undefined) await executor.tidy(() => false);
      for (const reason of executed.retired) this.#options.onRetired(reason);
      if (!hasOverflownThread(executed)) return { executed };
      executed.checkpoint?.release();
      return undefined;
    });
  }

  async #take<T>(run: (executor: Executor) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw runtimeClosed();
    this.#queued++;
    return this.#turns.take(async () => {
      this.#queued--;
      if (this.#isClosed) throw runtimeClosed();
      this.#isBusy = true;
      try {
        return await run(this.#options.executor);
      } finally {
        this.#isBusy = false;
      }
    });
  }

  #inWorker(): Promise<HandlerPool> {
    if (this.#isClosed) return Promise.reject(runtimeClosed());
    this.#worker ??= this.#options.createWorker();
    return this.#worker;
  }
}

const UNCOUNTED: Admission = { lend() {}, takeBack() {}, release() {} };

/** A guest that overflows its own stack leaves a usable VM. */
function hasOverflownThread({ failure, retired }: ExecutionReply): boolean {
  return failure?.code === 'STACK_OVERFLOW' && retired.includes('poisoned');
}
