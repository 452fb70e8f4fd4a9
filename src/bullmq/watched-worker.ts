import type { Processor, Worker } from 'bullmq';

import { clearInterval, setInterval } from '../support/timers.js';
import { settleWithin } from '../support/waiting.js';
import type { Queues } from './queues.js';

/** How often it is looked whether the worker still takes jobs, and after how many looks it is replaced. */
const WATCH_MS = 10_000;
const LOOKS = 2;
const ANSWER_MS = 5_000;
const CLOSE_MS = 5_000;

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
      this.#taken++;
      this.#active++;
      try {
        return await processor(job, token, signal);
      } finally {
        this.#active--;
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
    await this.#worker.close();
  }

  #create(): Worker {
    return this.#queues.worker(this.#name, this.#processor, this.#concurrency);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const isIdle = this.#taken === this.#takenBefore && this.#active < this.#concurrency;
      this.#takenBefore = this.#taken;
      this.#idleLooks = isIdle && (await this.#someWait()) ? this.#idleLooks + 1 : 0;
      if (this.#idleLooks >= LOOKS) await this.#replace();
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
    const old = this.#worker;
    this.#worker = this.#create();
    // What it has is redelivered, and seen to be done.
    await settleWithin(old.close(true), CLOSE_MS);
  }
}
