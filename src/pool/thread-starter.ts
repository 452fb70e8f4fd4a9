import type { PoolConfig } from '../config/resolve-pool.js';
import type { WorkerInit } from '../protocol/worker-init.js';
import { setImmediate } from '../support/timers.js';
import { WorkerThread } from './tinypool-thread.js';

/** A thread that nobody has taken. */
interface Booting {
  readonly thread: WorkerThread;
  /** Undefined before there is initial data. */
  ready: Promise<number> | undefined;
}

/**
 * Starts threads. `minInstances` of them boot at once, while the engine is still being loaded; all threads
 * can work once {@link initialize} was called.
 */
export class ThreadStarter {
  readonly #config: PoolConfig;
  readonly #url: URL;
  readonly #booting: Booting[] = [];
  #toBoot: number;
  #init: WorkerInit | undefined;

  /** @param url the entry of a thread, see `worker/entry.ts` */
  constructor(config: PoolConfig, url: URL) {
    this.#config = config;
    this.#url = url;
    this.#toBoot = config.minInstances;
    this.#bootNext();
  }

  /**
   * Sets the data that every thread gets. Threads that boot get it at once: they build their images while the rest of the library is still
   * being loaded. {@link take} must not be called before.
   */
  initialize(init: WorkerInit): void {
    this.#init = init;
    for (const booting of this.#booting) booting.ready = initialized(booting.thread, init);
  }

  /**
   * Returns a thread and a promise that it is ready, which rejects like {@link WorkerThread.initialize}.
   *
   * @throws Error if a thread cannot be created
   */
  take(): { readonly thread: WorkerThread; readonly ready: Promise<number> } {
    if (this.#init === undefined) throw new TypeError('The threads have no initial data yet.');
    const { thread, ready } = this.#booting.shift() ?? { thread: this.#boot(), ready: undefined };
    return { thread, ready: ready ?? thread.initialize(this.#init) };
  }

  /** Ends threads that were not taken. */
  async end(): Promise<void> {
    this.#toBoot = 0;
    await Promise.all(this.#booting.splice(0).map(({ thread }) => thread.end()));
  }

  /** One per turn of the event loop, because each takes some milliseconds. */
  #bootNext(): void {
    if (this.#toBoot === 0) return;
    try {
      const thread = this.#boot();
      this.#booting.push({ thread, ready: this.#init && initialized(thread, this.#init) });
    } catch {
      // The thread cannot be created: the next caller of `take` gets the error.
      this.#toBoot = 0;
    }
    setImmediate(() => this.#bootNext());
  }

  #boot(): WorkerThread {
    if (this.#toBoot > 0) this.#toBoot--;
    return new WorkerThread(this.#config, this.#url);
  }
}

/** Whoever takes the thread is told of a failure; one that nobody takes has been ended. */
function initialized(thread: WorkerThread, init: WorkerInit): Promise<number> {
  const ready = thread.initialize(init);
  ready.catch(() => {});
  return ready;
}
