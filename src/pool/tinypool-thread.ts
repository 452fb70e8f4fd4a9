import { Tinypool } from 'tinypool';

import type { PoolConfig } from '../config/resolve-pool.js';
import { fromWireError } from '../errors/wire.js';
import { ControlBlock } from '../protocol/control-block.js';
import { Mailbox, type Message } from '../protocol/mailbox.js';
import type { InitReply, InitTask, WorkerInit, WorkerSetup } from '../protocol/worker-init.js';
import { workerFlags } from './worker-flags.js';

const MIB = 1024 * 1024;
/** A native stack smaller than some 50 times the guest's lets deep recursion escape into the host. */
const NATIVE_STACK_FACTOR = 96;

/**
 * Of its JavaScript heap; its VMs are not part of that. Far more than the largest context takes, and a thread that reaches it ends
 * alone. What is read in a worker is counted before: a heap that is full in the middle of one large allocation would end the process.
 */
const MIN_HEAP_MB = 512;
const HEAP_FACTOR = 16;

/** The thread is gone: by itself, or because somebody ended it. */
export class WorkerGone extends Error {}

/**
 * One thread: a tinypool of one. Which of several workers does what, and what is lost with which, is then ours to know; starting
 * threads, equipping and ending them is tinypool's. From then on, messages go through a {@link Mailbox}.
 */
export class WorkerThread {
  readonly control = new ControlBlock();
  readonly #pool: Tinypool;
  readonly #mailbox: Mailbox;
  readonly #setup: WorkerSetup;
  #gone: WorkerGone | undefined;
  #ended: Promise<void> | undefined;
  #exited: Promise<void> = Promise.resolve();
  /** Rejects what waits for the thread. */
  readonly #waiting = new Set<(reason: WorkerGone) => void>();
  #onGone: ((reason: WorkerGone) => void) | undefined;

  /**
   * Starts it.
   *
   * @param url entry of the thread, see `worker.ts`
   */
  constructor(config: Pick<PoolConfig, 'stackSizeBytes' | 'memoryLimitBytes'>, url: URL) {
    const { mailbox, farEnd } = Mailbox.create();
    this.#mailbox = mailbox;
    this.#setup = { control: this.control.cells, mailbox: farEnd };
    this.#pool = new Tinypool({
      filename: url.href,
      minThreads: 1,
      maxThreads: 1,
      // It would wait for tinypool's messages, where it is to wait for ours.
      useAtomics: false,
      execArgv: [...workerFlags()],
      env: {},
      resourceLimits: {
        stackSizeMb: Math.ceil((config.stackSizeBytes * NATIVE_STACK_FACTOR) / MIB),
        maxOldGenerationSizeMb: Math.max(MIN_HEAP_MB, Math.ceil((config.memoryLimitBytes * HEAP_FACTOR) / MIB)),
      },
    });
    // Neither does it start another thread in the place of one that fails, nor end one that idles: both are ours to do.
    (this.#pool.options as { minThreads: number }).minThreads = Number.NaN;
    // Errors while a task runs reject it; the others come here.
    this.#pool.on('error', (error: unknown) => this.#isGone(error));
    for (const thread of this.#pool.threads) {
      thread.on('error', (error: unknown) => this.#isGone(error));
      // One that exits without an error is none of tinypool's business.
      this.#exited = new Promise((resolve) => {
        thread.on('exit', (code: unknown) => {
          this.#isGone(new Error(`it exited with code ${String(code)}`));
          resolve();
        });
      });
    }
  }

  /** Told once when the thread ends without {@link end}. */
  set onGone(listener: (reason: WorkerGone) => void) {
    this.#onGone = listener;
    if (this.#gone !== undefined && this.#ended === undefined) listener(this.#gone);
  }

  /**
   * Gives it what it needs and waits until it has built its base image.
   *
   * @returns memory of its VMs, in bytes
   * @throws NexusError with the reason why it cannot be built
   * @throws WorkerGone
   */
  async initialize(init: WorkerInit): Promise<number> {
    if (this.#gone !== undefined) throw this.#gone;
    const task: InitTask = { init, setup: this.#setup };
    const reply = this.#pool.run(task, { transferList: [this.#setup.mailbox.port] }) as Promise<InitReply>;
    const answer = await this.#whileAlive(reply);
    if ('error' in answer) throw fromWireError(answer.error);
    return answer.memoryBytes;
  }

  /** There will be work at once. */
  prewake(): void {
    this.#mailbox.prewake();
  }

  /**
   * Gives it work, once it has no other.
   *
   * @param batch see `batch-codec.ts`
   * @throws WorkerGone
   */
  async run(batch: Message): Promise<Message> {
    const reply = this.#mailbox.receive();
    this.#mailbox.send(batch);
    return this.#whileAlive(reply);
  }

  /** Ends the thread, whatever it does; what waits for it rejects with {@link WorkerGone}. Resolves when it is gone. */
  end(): Promise<void> {
    this.#ended ??= this.#gone === undefined ? this.#terminate() : Promise.resolve();
    this.#leave(new WorkerGone('it was ended'));
    return this.#ended;
  }

  /** Not tinypool's `destroy`: it takes an error that comes afterwards for its own, with a listener that throws. */
  #terminate(): Promise<void> {
    for (const thread of this.#pool.threads) void thread.terminate();
    return this.#exited;
  }

  /** The reply, unless the thread ends first. */
  #whileAlive<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone);
        return;
      }
      this.#waiting.add(reject);
      reply.then(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        (error: unknown) => this.#isGone(error),
      );
    });
  }

  #isGone(cause: unknown): void {
    if (this.#gone !== undefined || this.#ended !== undefined) return;
    this.#gone = new WorkerGone(cause instanceof Error ? cause.message : String(cause), { cause });
    this.#leave(this.#gone);
    void this.#terminate();
    this.#onGone?.(this.#gone);
  }

  #leave(reason: WorkerGone): void {
    this.#mailbox.close();
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}
