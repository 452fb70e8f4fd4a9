import type { CompiledHandler } from '../compiler/compiled-handler.js';
import type { PoolConfig } from '../config/resolve.js';
import type { CompileBackend, ScriptOutcome } from '../contract/compile.js';
import { NexusError } from '../errors/nexus-error.js';
import { runtimeClosed } from './calls.js';
import { type Executed, type ExecuteRequest, encodeRequest, type Request, type ResumeRequest } from './protocol.js';
import { type RunningTask, type ThreadPool, WorkerCrashed, WorkerTerminated } from './thread-pool.js';
import { type Interruption, watch } from './watchdog.js';

/** A task that died with a worker before it was begun has done nothing: it is begun again, a few times. */
const MAX_RESTARTS = 3;

/** What came of an execution: the worker's answer, or how it was stopped and after what time. */
export type Execution =
  | { readonly executed: Executed }
  | { readonly interruption: Interruption; readonly runningMs: number };

interface Waiting {
  begin(): void;
  reject(error: unknown): void;
}

/** Admission, dispatch and the watchdog: what lies between a call and a thread. */
export class InstancePool implements CompileBackend {
  readonly #threads: ThreadPool;
  readonly #config: PoolConfig;
  readonly #compilations: Semaphore;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  /** Calls wait until the threads are equipped; when they cannot be, each call learns why. */
  #phase: 'starting' | 'open' | 'failed' | 'closed' = 'starting';
  #startFailure: unknown;

  /** @param equipped resolves when the threads have their base image, see {@link ThreadPool.equip} */
  constructor(threads: ThreadPool, config: PoolConfig, equipped: Promise<void>) {
    this.#threads = threads;
    this.#config = config;
    // Compiling takes no timeout from a caller: of several workers it leaves one to executions.
    this.#compilations = new Semaphore(Math.max(1, config.maxInstances - 1));
    equipped.then(
      () => this.#open(),
      (error: unknown) => this.#fail(error),
    );
  }

  get stats() {
    return { threads: this.#threads.threads, running: this.#running, queued: this.#waiting.length };
  }

  async compileScript(source: string, filename: string): Promise<ScriptOutcome> {
    const watchCompilation = async (task: RunningTask): Promise<ScriptOutcome> => {
      try {
        const reply = await watch(task, this.#config.compileTimeoutMs).reply;
        if (reply.kind !== 'compiled') throw unexpected(reply.kind);
        return reply.outcome;
      } catch (error) {
        if (this.#phase === 'closed') throw runtimeClosed();
        if (!(error instanceof WorkerTerminated)) throw error;
        const limit = `compileTimeoutMs (${this.#config.compileTimeoutMs} ms)`;
        return { ok: false, problem: { kind: 'time', message: `it took longer than ${limit}` } };
      }
    };
    await this.#compilations.enter();
    try {
      return await this.#dispatch({ kind: 'compile', source, filename }, undefined, watchCompilation);
    } finally {
      this.#compilations.leave();
    }
  }

  /**
   * Runs a handler. Resolves with how it ended, whatever the handler did.
   *
   * @throws NexusError POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR, or what is wrong with packed context
   */
  execute(handler: CompiledHandler, request: ExecuteRequest, signal?: AbortSignal): Promise<Execution> {
    return this.#execute({ kind: 'execute', ...request }, handler.bytecode, signal);
  }

  /**
   * Goes on with a handler that was suspended.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE, and whatever {@link execute} throws
   */
  resume(request: ResumeRequest, signal?: AbortSignal): Promise<Execution> {
    return this.#execute({ kind: 'resume', ...request }, undefined, signal);
  }

  async #execute(
    request: Exclude<Request, { kind: 'compile' }>,
    bytecode: CompiledHandler['bytecode'] | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Execution> {
    if (signal?.aborted) return { interruption: 'cancelled', runningMs: 0 };
    const limitMs = request.limits.timeoutMs + this.#config.killGraceMs;
    const watchExecution = async (task: RunningTask): Promise<Execution> => {
      const watched = watch(task, limitMs, signal);
      try {
        const reply = await watched.reply;
        if (reply.kind !== 'executed') throw unexpected(reply.kind);
        return { executed: reply };
      } catch (error) {
        if (this.#phase === 'closed') throw runtimeClosed();
        if (!(error instanceof WorkerTerminated)) throw error;
        return { interruption: watched.reason() ?? 'watchdog', runningMs: task.runningMs() ?? 0 };
      }
    };
    return this.#dispatch(request, bytecode, watchExecution, signal).catch((error: unknown) => {
      if (error === CANCELLED_IN_QUEUE) return { interruption: 'cancelled', runningMs: 0 };
      throw error;
    });
  }

  /** Ends the workers. What is still under way or waiting rejects with RUNTIME_CLOSED. */
  async close(): Promise<void> {
    this.#phase = 'closed';
    for (const waiting of this.#waiting.splice(0)) waiting.reject(runtimeClosed());
    await this.#threads.destroy();
  }

  #open(): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'open';
    while (this.#threads.free > 0 && this.#waiting.length > 0) this.#waiting.shift()?.begin();
  }

  #fail(error: unknown): void {
    if (this.#phase !== 'starting') return;
    this.#phase = 'failed';
    this.#startFailure = error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }

  /** Starts a task now, or when its turn comes; `watchTask` makes of it what the caller wants. */
  #dispatch<T>(
    request: Request,
    bytecode: Uint8Array<SharedArrayBuffer> | undefined,
    watchTask: (task: RunningTask) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#phase === 'closed') return Promise.reject(runtimeClosed());
    if (this.#phase === 'failed') return Promise.reject(this.#startFailure);
    const message = encodeRequest(request);
    const begin = () => this.#begin(message, bytecode, watchTask);
    const isFree = this.#phase === 'open' && this.#threads.free > 0 && this.#waiting.length === 0;
    if (isFree) return begin();
    if (this.#isQueueFull()) return Promise.reject(saturated(this.#waiting.length));
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(CANCELLED_IN_QUEUE);
      };
      const waiting: Waiting = {
        begin: () => {
          signal?.removeEventListener('abort', onAbort);
          begin().then(resolve, reject);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** While the threads start, as many calls as they will take at once are not a queue yet. */
  #isQueueFull(): boolean {
    const notYetBegun = this.#phase === 'starting' ? this.#config.maxInstances : 0;
    return this.#waiting.length >= this.#config.maxQueue + notYetBegun;
  }

  /** Runs a task; when it ends, the next one begins. */
  async #begin<T>(
    message: Uint8Array,
    bytecode: Uint8Array<SharedArrayBuffer> | undefined,
    watchTask: (task: RunningTask) => Promise<T>,
  ): Promise<T> {
    this.#running++;
    try {
      for (let restarts = 0; ; restarts++) {
        const task = this.#threads.run(message, bytecode);
        try {
          return await watchTask(task);
        } catch (error) {
          const isInnocent = error instanceof WorkerCrashed && task.runningMs() === undefined;
          if (!isInnocent || restarts === MAX_RESTARTS || this.#phase !== 'open' || this.#threads.free === 0)
            throw error;
        }
      }
    } finally {
      this.#running--;
      if (this.#threads.free > 0) this.#waiting.shift()?.begin();
    }
  }
}

/** Lets so many in at a time, in the order in which they came. */
class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  async enter(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

const CANCELLED_IN_QUEUE = new Error('cancelled while waiting for a thread');

function saturated(queued: number): NexusError {
  return new NexusError(
    'POOL_SATURATED',
    `${queued} executions are waiting already (maxQueue). Try again later, or raise maxInstances or maxQueue.`,
    { context: { queued } },
  );
}

function unexpected(kind: string): NexusError {
  return new NexusError('INTERNAL_ERROR', `A worker answered with "${kind}", which was not the question.`);
}
