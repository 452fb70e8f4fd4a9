import type { CompiledHandler } from '../compiler/compiled-handler.js';
import type { PoolConfig } from '../config/resolve.js';
import type { CompileBackend, ScriptOutcome } from '../contract/compile.js';
import { NexusError } from '../errors/nexus-error.js';
import { fromWireError } from '../errors/wire.js';
import {
  decodeReply,
  type Executed,
  type ExecuteRequest,
  encodeRequest,
  type Reply,
  type Request,
} from './protocol.js';
import { type RunningTask, type ThreadPool, WorkerTerminated } from './thread-pool.js';

/** Compiling cannot be interrupted: the largest source we accept takes some ten seconds. */
const COMPILE_TIMEOUT_MS = 60_000;
/** How often an execution that has not begun is looked at again: its worker is still starting. */
const START_POLL_MS = 50;

/** How an execution ended, apart from running to its end. */
export type Interruption = 'watchdog' | 'cancelled';

export type Execution = { readonly executed: Executed } | { readonly interruption: Interruption };

interface Waiting {
  begin(): void;
  reject(error: unknown): void;
}

/** Admission, dispatch and the watchdog: what lies between a call and a thread. */
export class InstancePool implements CompileBackend {
  readonly #threads: ThreadPool;
  readonly #maxQueue: number;
  readonly #killGraceMs: number;
  readonly #waiting: Waiting[] = [];
  #running = 0;
  /** Calls wait until the threads are equipped; when they cannot be, each call learns why. */
  #phase: 'starting' | 'open' | 'failed' | 'closed' = 'starting';
  #startFailure: unknown;

  /** @param equipped resolves when the threads have their base image, see {@link ThreadPool.equip} */
  constructor(threads: ThreadPool, { maxQueue, killGraceMs }: PoolConfig, equipped: Promise<void>) {
    this.#threads = threads;
    this.#maxQueue = maxQueue;
    this.#killGraceMs = killGraceMs;
    equipped.then(
      () => this.#open(),
      (error: unknown) => this.#fail(error),
    );
  }

  get stats() {
    return { threads: this.#threads.threads, running: this.#running, queued: this.#waiting.length };
  }

  async compileScript(source: string, filename: string): Promise<ScriptOutcome> {
    const request: Request = { kind: 'compile', source, filename };
    const watch = async (task: RunningTask): Promise<ScriptOutcome> => {
      try {
        const reply = await guard(task, COMPILE_TIMEOUT_MS).reply;
        if (reply.kind !== 'compiled') throw unexpected(reply.kind);
        return reply.outcome;
      } catch (error) {
        if (!(error instanceof WorkerTerminated) || this.#phase === 'closed') throw error;
        return { ok: false, problem: { kind: 'time', message: `it took longer than ${COMPILE_TIMEOUT_MS} ms` } };
      }
    };
    return this.#dispatch(request, undefined, watch);
  }

  /**
   * Runs a handler. Resolves with how it ended, whatever the handler did.
   *
   * @throws NexusError POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR, or what is wrong with packed context
   */
  async execute(handler: CompiledHandler, request: ExecuteRequest, signal?: AbortSignal): Promise<Execution> {
    if (signal?.aborted) return { interruption: 'cancelled' };
    const watch = async (task: RunningTask): Promise<Execution> => {
      const watched = guard(task, request.limits.timeoutMs + this.#killGraceMs, signal);
      try {
        const reply = await watched.reply;
        if (reply.kind !== 'executed') throw unexpected(reply.kind);
        return { executed: reply };
      } catch (error) {
        if (this.#phase === 'closed') throw closed();
        if (error instanceof WorkerTerminated) return { interruption: watched.reason() ?? 'watchdog' };
        throw error;
      }
    };
    return this.#dispatch({ kind: 'execute', ...request }, handler.bytecode, watch, signal).catch((error: unknown) => {
      if (error === CANCELLED_IN_QUEUE) return { interruption: 'cancelled' };
      throw error;
    });
  }

  /** Ends the workers. What is still under way or waiting rejects with RUNTIME_CLOSED. */
  async close(): Promise<void> {
    this.#phase = 'closed';
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closed());
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

  /** Starts a task now, or when its turn comes; `watch` makes of it what the caller wants. */
  #dispatch<T>(
    request: Request,
    bytecode: Uint8Array<SharedArrayBuffer> | undefined,
    watch: (task: RunningTask) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#phase === 'closed') return Promise.reject(closed());
    if (this.#phase === 'failed') return Promise.reject(this.#startFailure);
    const message = encodeRequest(request);
    const begin = () => this.#track(watch(this.#threads.run(message, bytecode)));
    const isFree = this.#phase === 'open' && this.#threads.free > 0 && this.#waiting.length === 0;
    if (isFree) return begin();
    if (this.#waiting.length >= this.#maxQueue) return Promise.reject(saturated(this.#waiting.length));
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
        reject,
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** When a task ends, the next one begins. */
  #track<T>(task: Promise<T>): Promise<T> {
    this.#running++;
    const onEnd = () => {
      this.#running--;
      if (this.#threads.free > 0) this.#waiting.shift()?.begin();
    };
    task.then(onEnd, onEnd);
    return task;
  }
}

const CANCELLED_IN_QUEUE = new Error('cancelled while waiting for a thread');

/** Ends the worker of a task that outlives its time or whose caller gives up. */
function guard(task: RunningTask, limitMs: number, signal?: AbortSignal) {
  let reason: Interruption | undefined;
  const kill = (why: Interruption) => {
    reason ??= why;
    task.kill();
  };
  const onTime = () => {
    // The clock starts with the work: a worker that is still starting has not begun it.
    timer = task.hasStarted() ? setTimeout(() => kill('watchdog'), limitMs) : setTimeout(onTime, START_POLL_MS);
  };
  let timer = setTimeout(() => {
    if (task.hasStarted()) kill('watchdog');
    else onTime();
  }, limitMs);
  const onAbort = () => kill('cancelled');
  signal?.addEventListener('abort', onAbort, { once: true });
  const reply = task.reply
    .finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    })
    .then((message): Reply => {
      const decoded = decodeReply(message);
      if (decoded.kind === 'failed') throw fromWireError(decoded.error);
      return decoded;
    });
  return { reply, reason: () => reason };
}

function saturated(queued: number): NexusError {
  return new NexusError(
    'POOL_SATURATED',
    `${queued} executions are waiting already (maxQueue). Try again later, or raise maxInstances or maxQueue.`,
    { context: { queued } },
  );
}

function closed(): NexusError {
  return new NexusError('RUNTIME_CLOSED', 'The runtime was shut down; create a new one.');
}

function unexpected(kind: string): NexusError {
  return new NexusError('INTERNAL_ERROR', `A worker answered with "${kind}", which was not the question.`);
}
