import type { Processor, Worker } from 'bullmq';

import { clearInterval, setImmediate, setInterval, setTimeout } from '../support/timers.js';
import { settleWithin } from '../support/waiting.js';
import type { Queues } from './queues.js';

/** How often it is looked whether the worker still takes jobs, and after how many looks it is replaced. */
const WATCH_MS = 10_000;
const LOOKS = 2;
const ANSWER_MS = 5_000;
const CLOSE_MS = 5_000;
/** So many errors without a turn of the event loop: it would go on like that, and nothing else of the process would. */
const MAX_ERRORS_A_TURN = 100;
const RETRY_MS = 1_000;

/** A worker of BullMQ that is replaced when it takes no jobs although some wait: after an outage some never take one again. */
export class WatchedWorker {
  readonly #queues: Queues;
  readonly #name: string;
  readonly #processor: Processor;
  readonly #concurrency: number;
  readonly #onReplaced: (queue: string) => void;
  readonly #timer: NodeJS.Timeout;
  #worker: Worker;
  #active = 0;
  #taken = 0;
  #takenBefore = 0;
  #idleLooks = 0;
  #looking = false;
  #errorsOfTurn = 0;
  #isBroken = false;
  #onIdle = () => {};
  #isClosed = false;

  constructor(
    queues: Queues,
    name: string,
    processor: Processor,
    concurrency: number,
    onReplaced: (queue: string) => void,
    watchMs = WATCH_MS,
  ) {
    this.#queues = queues;
    this.#name = name;
    this.#concurrency = concurrency;
    this.#onReplaced = onReplaced;
    // BullMQ gives the signal to functions of three parameters.
    this.#processor = async (job, token, signal) => {
      // One that came while it was closed is retried, where it is not.
      if (this.#isClosed) throw new Error('This process takes no more tasks.');
      this.#taken++;
      this.#active++;
      try {
        return await processor(job, token, signal);
      } finally {
        this.#active--;
        if (this.#active === 0) this.#onIdle();
      }
    };
    this.#worker = this.#create();
    this.#timer = setInterval(() => void this.#look(), watchMs);
    this.#timer.unref();
  }

  /** The present one of BullMQ. */
  get worker(): Worker {
    return this.#worker;
  }

  /** Takes no more jobs, and resolves when those that were taken are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const closed = this.#worker.close();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      if (this.#active === 0) resolve();
    });
    await Promise.race([closed, idle]);
    // Without a server it would wait for one.
    await settleWithin(closed, CLOSE_MS);
  }

  #create(): Worker {
    const worker = this.#queues.worker(this.#name, this.#processor, this.#concurrency);
    worker.on('error', () => this.#failed(worker));
    return worker;
  }

  /**
   * An error that comes at once, as of a connection that is broken, has the worker ask again at once: nothing else of this process would have
   * its turn. It is closed, and replaced when the server answers.
   */
  #failed(worker: Worker): void {
    if (this.#errorsOfTurn++ === 0) {
      setImmediate(() => {
        this.#errorsOfTurn = 0;
      });
    }
    if (this.#errorsOfTurn < MAX_ERRORS_A_TURN || this.#isBroken || worker !== this.#worker) return;
    this.#isBroken = true;
    void settleWithin(worker.close(true), CLOSE_MS);
    setTimeout(() => void this.#look(), RETRY_MS).unref();
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#isClosed) return;
    this.#looking = true;
    try {
      const isIdle = this.#taken === this.#takenBefore && this.#active < this.#concurrency;
      this.#takenBefore = this.#taken;
      this.#idleLooks = !this.#isBroken && isIdle && (await this.#someWait()) ? this.#idleLooks + 1 : 0;
      if (this.#isBroken || this.#idleLooks >= LOOKS) await this.#replace();
    } finally {
      this.#looking = false;
    }
  }

  /** Also true if the server does not say: the connection may be one that nothing comes through. */
  async #someWait(): Promise<boolean> {
    let waiting = 1;
    const counted = this.#worker
      .getBackend()
      .getCounts(['wait'])
      .then(([count = 0]) => {
        waiting = count;
      });
    await settleWithin(counted, ANSWER_MS);
    return waiting > 0;
  }

  async #replace(): Promise<void> {
    try {
      await this.#queues.ready();
    } catch {
      // The server is away: it is tried again at the next look.
      return;
    }
    this.#idleLooks = 0;
    if (this.#isClosed) return;
    this.#onReplaced(this.#name);
    this.#isBroken = false;
    const old = this.#worker;
    this.#worker = this.#create();
    // What it has is redelivered, and seen to be done.
    await settleWithin(old.close(true), CLOSE_MS);
  }
}
