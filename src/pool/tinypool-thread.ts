import { Tinypool } from 'tinypool';

import type { PoolConfig } from '../config/resolve-pool.js';
import { fromWireError } from '../errors/wire.js';
import { ControlBlock } from '../protocol/control-block.js';
import { Mailbox, type Message, type MessageListener } from '../protocol/mailbox.js';
import type { InitReply, InitTask, WorkerInit, WorkerSetup } from '../protocol/worker-init.js';
import { workerEnvironment, workerFlags } from './worker-flags.js';

const MIB = 1024 * 1024;
/**
 * With a native stack of less than some 50 times the guest's, deep recursion would overflow the thread's
 * stack.
 */
const NATIVE_STACK_FACTOR = 96;

/**
 * The limit of its JavaScript heap, which does not include its VMs. It is far more than the largest context
 * needs, and a thread that reaches it ends alone. Input is counted before it is read in a worker, because a
 * single large allocation that fills the heap would end the process.
 */
const MIN_HEAP_MB = 512;
const HEAP_FACTOR = 16;

/** The thread has ended, by itself or from outside. */
export class WorkerGone extends Error {}

/**
 * One thread, started by a tinypool with a single thread. tinypool starts, initialises and ends the thread;
 * which worker has which request is tracked by the pool. After the start, messages go through a {@link
 * Mailbox}.
 */
export class WorkerThread {
  readonly control = new ControlBlock();
  readonly #pool: Tinypool;
  readonly #mailbox: Mailbox;
  readonly #setup: WorkerSetup;
  #gone: WorkerGone | undefined;
  #ended: Promise<void> | undefined;
  #exited: Promise<void> = Promise.resolve();
  /** Told if the thread ends: who waits for it. */
  readonly #waiting = new Set<(reason: WorkerGone) => void>();
  #onGone: ((reason: WorkerGone) => void) | undefined;

  /**
   * Starts the thread.
   *
   * @param url the entry of the thread, see `worker/entry.ts`
   */
  constructor(config: Pick<PoolConfig, 'stackSizeBytes' | 'memoryLimitBytes'>, url: URL) {
    const { mailbox, farEnd } = Mailbox.create();
    this.#mailbox = mailbox;
    this.#setup = { control: this.control.cells, mailbox: farEnd };
    this.#pool = new Tinypool({
      filename: url.href,
      minThreads: 1,
      maxThreads: 1,
      // With atomics, the thread would wait for tinypool's messages instead of ours.
      useAtomics: false,
      execArgv: [...workerFlags()],
      env: workerEnvironment(),
      resourceLimits: {
        stackSizeMb: Math.ceil((config.stackSizeBytes * NATIVE_STACK_FACTOR) / MIB),
        maxOldGenerationSizeMb: Math.max(MIN_HEAP_MB, Math.ceil((config.memoryLimitBytes * HEAP_FACTOR) / MIB)),
      },
    });
    // tinypool must neither replace a thread that fails nor end an idle one: the pool does both.
    (this.#pool.options as { minThreads: number }).minThreads = Number.NaN;
    // Errors during a task reject the task; other errors arrive here.
    this.#pool.on('error', (error: unknown) => this.#isGone(error));
    for (const thread of this.#pool.threads) {
      thread.on('error', (error: unknown) => this.#isGone(error));
      // tinypool does not notice a thread that exits without an error.
      this.#exited = new Promise((resolve) => {
        thread.on('exit', (code: unknown) => {
          this.#isGone(new Error(`it exited with code ${String(code)}`));
          resolve();
        });
      });
    }
  }

  /** Called once if the thread ends without {@link end}. */
  set onGone(listener: (reason: WorkerGone) => void) {
    this.#onGone = listener;
    if (this.#gone !== undefined && this.#ended === undefined) listener(this.#gone);
  }

  /**
   * Initialises the thread and waits until it has built its base image.
   *
   * @returns the memory of its VMs, in bytes
   * @throws NexusError with the reason if the image cannot be built
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

  /** Resolves when the thread has ended: nothing writes to shared memory any more. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Announces that there will be work at once. */
  prewake(): void {
    this.#mailbox.prewake();
  }

  /**
   * Sends a batch when the thread is idle.
   *
   * @param batch see `batch-codec.ts`
   * @param isConversation whether the reply is likely to come at once, and another batch to follow it at once
   * @param listener told the reply, or once {@link WorkerGone}
   * @throws Error if the message cannot be sent
   */
  run(batch: Message, isConversation: boolean, { onMessage, onError }: MessageListener): void {
    if (this.#gone !== undefined) {
      onError(this.#gone);
      return;
    }
    this.#waiting.add(onError);
    const listener: MessageListener = {
      onMessage: (message) => {
        this.#waiting.delete(onError);
        onMessage(message);
      },
      onError: (error) => this.#isGone(error),
    };
    this.#mailbox.listen(listener, isConversation);
    this.#mailbox.send(batch, isConversation);
  }

  /** Terminates the thread; who waits for it gets {@link WorkerGone}. Resolves when it has ended. */
  end(): Promise<void> {
    this.#ended ??= this.#gone === undefined ? this.#terminate() : Promise.resolve();
    this.#leave(new WorkerGone('it was ended'));
    return this.#ended;
  }

  /** Not tinypool's `destroy`, which treats a later error as its own, with a listener that throws. */
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
    for (const tell of this.#waiting) tell(reason);
    this.#waiting.clear();
  }
}
