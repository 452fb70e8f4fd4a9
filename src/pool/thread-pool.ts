import { Tinypool } from 'tinypool';

import type { PoolConfig } from '../config/resolve.js';
import { NexusError } from '../errors/nexus-error.js';
import { fromWireError } from '../errors/wire.js';
import { type Equipment, type EquipReply, elapsedMs, type Task, type WorkerSetup } from './task.js';

const MIB = 1024 * 1024;
const SLOTS_PER_THREAD = 4;
/** A native stack smaller than some 50 times the guest's lets deep recursion escape into the host. */
const NATIVE_STACK_FACTOR = 96;

/** We ended the worker that had the task; whoever asked for that knows what it means. */
export class WorkerTerminated extends Error {}

/** The worker that had the task ended by itself, or because of another task. */
export class WorkerCrashed extends NexusError {
  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super('INTERNAL_ERROR', `A worker ended unexpectedly: ${reason}. The pool has replaced it.`, { cause });
  }
}

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
  /** The worker's MessagePack reply. */
  readonly reply: Promise<Uint8Array>;
  /** For how long the worker has been at it, in milliseconds; undefined before it began. */
  runningMs(): number | undefined;
  /** Ends the worker; `reply` rejects with {@link WorkerTerminated}. */
  kill(): void;
}

/**
 * The threads, as far as the rest knows: tinypool behind tasks. At most `maxInstances` are under way, one a thread;
 * waiting is the business of whoever calls.
 *
 * `minInstances` threads start at once. They can do nothing until {@link equip} gives them the engine; threads that start
 * later are born with it.
 */
export class ThreadPool {
  readonly #pool: Tinypool;
  readonly #minThreads: number;
  readonly #setup: WorkerSetup;
  readonly #freeSlots: number[];
  readonly #maxRunning: number;
  #running = 0;
  #destroyed = false;

  /** @param workerUrl entry of a thread, see `worker.ts` */
  constructor(config: PoolConfig, workerUrl: URL) {
    // More slots than threads, and the longest unused first: a thread that was ended writes into none that is in use.
    const slots = config.maxInstances * SLOTS_PER_THREAD;
    this.#maxRunning = config.maxInstances;
    this.#minThreads = config.minInstances;
    this.#freeSlots = Array.from({ length: slots }, (_, slot) => slot);
    const startTimes = new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT));
    this.#setup = { startTimes };
    this.#pool = new Tinypool({
      filename: workerUrl.href,
      minThreads: config.minInstances,
      maxThreads: config.maxInstances,
      idleTimeout: config.idleTimeoutMs,
      concurrentTasksPerWorker: 1,
      // tinypool hands this very object to every thread it starts: what `equip` adds reaches the later ones.
      workerData: this.#setup,
      // Neither the flags nor the environment of the process are any of a worker's business.
      execArgv: [],
      env: {},
      resourceLimits: { stackSizeMb: Math.ceil((config.stackSizeBytes * NATIVE_STACK_FACTOR) / MIB) },
    });
    // A worker that dies while idle is replaced; there is nobody to tell.
    this.#pool.on('error', () => {});
  }

  /** Tasks that could begin at once. */
  get free(): number {
    return this.#maxRunning - this.#running;
  }

  get threads(): number {
    return this.#pool.threads.length;
  }

  /**
   * Gives every thread what it needs and waits until all have built their base image.
   *
   * @throws NexusError with the reason why it cannot be built
   */
  async equip(equipment: Equipment): Promise<void> {
    this.#setup.equipment = equipment;
    // One task a thread, all under way at once: each thread gets exactly one.
    const replies = Array.from({ length: this.#minThreads }, (): Promise<EquipReply> => {
      return this.#run<EquipReply>((slot) => ({ kind: 'equip', slot, equipment })).reply;
    });
    for (const { error } of await Promise.all(replies)) if (error !== undefined) throw fromWireError(error);
  }

  run(message: Uint8Array, bytecode?: Uint8Array<SharedArrayBuffer>): RunningTask {
    return this.#run<Uint8Array>((slot) => ({ kind: 'request', slot, message, ...(bytecode && { bytecode }) }));
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    await this.#pool.destroy();
  }

  #run<T>(makeTask: (slot: number) => Task): Omit<RunningTask, 'reply'> & { readonly reply: Promise<T> } {
    const slot = this.free > 0 ? this.#freeSlots.shift() : undefined;
    if (slot === undefined) throw new NexusError('INTERNAL_ERROR', 'A task was started with no thread free.');
    this.#running++;
    const { startTimes } = this.#setup;
    Atomics.store(startTimes, slot, 0);
    const killSwitch = new KillSwitch();
    let killed = false;
    const reply = this.#pool
      .run(makeTask(slot), { signal: killSwitch })
      .catch((error: unknown) => {
        throw killed ? new WorkerTerminated('The worker was ended.') : new WorkerCrashed(error);
      })
      .finally(() => {
        this.#running--;
        this.#freeSlots.push(slot);
      }) as Promise<T>;
    return {
      reply,
      runningMs: () => {
        const startedAt = Atomics.load(startTimes, slot);
        return startedAt === 0 ? undefined : elapsedMs(startedAt);
      },
      kill: () => {
        // Once the pool is being destroyed, tinypool would start a new thread for the one it ends.
        if (this.#destroyed) return;
        killed = true;
        killSwitch.kill();
      },
    };
  }
}
