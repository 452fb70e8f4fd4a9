import { Tinypool } from 'tinypool';

import type { PoolConfig } from '../config/resolve.js';
import { NexusError } from '../errors/nexus-error.js';
import { fromWireError } from '../errors/wire.js';
import { decodeReply, encodeRequest, type Reply, type Request, type Task, type WorkerSetup } from './protocol.js';

const MIB = 1024 * 1024;
/** A native stack smaller than some 50 times the guest's lets deep recursion escape into the host. */
const NATIVE_STACK_FACTOR = 96;

/** A worker ended while it ran a task; whoever asked decides what that means. */
export class WorkerTerminated extends Error {}

/** What tinypool needs of an AbortSignal. A real one for every task would cost more than the task's message. */
class KillSwitch {
  readonly aborted = false;
  #listener: (() => void) | undefined;

  addEventListener(_type: string, listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }

  kill(): void {
    this.#listener?.();
  }
}

/** One task under way. */
export interface RunningTask {
  readonly reply: Promise<Reply>;
  /** Whether the worker has begun it. */
  hasStarted(): boolean;
  /** Ends the worker; `reply` rejects with {@link WorkerTerminated}. */
  kill(): void;
}

export interface ThreadPoolOptions extends PoolConfig {
  readonly setup: Omit<WorkerSetup, 'startFlags' | 'memoryLimitBytes' | 'stackSizeBytes'>;
}

/**
 * The threads, as far as the rest knows: tinypool behind typed messages. At most `maxInstances` tasks are under way, one
 * a thread; waiting is the business of whoever calls.
 */
export class ThreadPool {
  readonly #pool: Tinypool;
  readonly #startFlags: Int32Array<SharedArrayBuffer>;
  readonly #freeSlots: number[];

  constructor({ setup, ...config }: ThreadPoolOptions) {
    const slots = config.maxInstances;
    this.#startFlags = new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT));
    this.#freeSlots = Array.from({ length: slots }, (_, slot) => slot);
    const workerData: WorkerSetup = {
      ...setup,
      memoryLimitBytes: config.memoryLimitBytes,
      stackSizeBytes: config.stackSizeBytes,
      startFlags: this.#startFlags,
    };
    this.#pool = new Tinypool({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: config.minInstances,
      maxThreads: config.maxInstances,
      idleTimeout: config.idleTimeoutMs,
      concurrentTasksPerWorker: 1,
      workerData,
      resourceLimits: { stackSizeMb: Math.ceil((config.stackSizeBytes * NATIVE_STACK_FACTOR) / MIB) },
    });
    // A worker that dies while idle is replaced; there is nobody to tell.
    this.#pool.on('error', () => {});
  }

  /** Tasks that could begin at once. */
  get free(): number {
    return this.#freeSlots.length;
  }

  get threads(): number {
    return this.#pool.threads.length;
  }

  run(request: Request, bytecode?: Uint8Array<SharedArrayBuffer>): RunningTask {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) throw new NexusError('INTERNAL_ERROR', 'A task was started with no thread free.');
    Atomics.store(this.#startFlags, slot, 0);
    const task: Task = { message: encodeRequest(request), slot, ...(bytecode && { bytecode }) };
    const killSwitch = new KillSwitch();
    let killed = false;
    const reply = this.#pool
      .run(task, { signal: killSwitch })
      .then(
        (message: Uint8Array) => decodeReply(message),
        (error: unknown) => {
          throw killed ? new WorkerTerminated('The worker was ended.') : crashed(error);
        },
      )
      .finally(() => this.#freeSlots.push(slot))
      .then((decoded) => {
        if (decoded.kind === 'failed') throw fromWireError(decoded.error);
        return decoded;
      });
    return {
      reply,
      hasStarted: () => Atomics.load(this.#startFlags, slot) === 1,
      kill: () => {
        killed = true;
        killSwitch.kill();
      },
    };
  }

  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

function crashed(cause: unknown): NexusError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NexusError('INTERNAL_ERROR', `A worker ended unexpectedly: ${reason}. The pool has replaced it.`, {
    cause,
  });
}
