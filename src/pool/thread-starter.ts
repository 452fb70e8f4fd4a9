import type { PoolConfig } from '../config/resolve-pool.js';
import type { WorkerInit } from '../protocol/worker-init.js';
import { setImmediate } from '../support/timers.js';
import { WorkerThread } from './tinypool-thread.js';

/**
 * Makes threads. `minInstances` of them boot at once, while the engine is still being loaded; they and all later ones can do something
 * from {@link initialize} on.
 */
export class ThreadStarter {
  readonly #config: PoolConfig;
  readonly #url: URL;
  readonly #booting: WorkerThread[] = [];
  #toBoot: number;
  #init: WorkerInit | undefined;

  /** @param url entry of a thread, see `worker.ts` */
  constructor(config: PoolConfig, url: URL) {
    this.#config = config;
    this.#url = url;
    this.#toBoot = config.minInstances;
    this.#bootNext();
  }

  /** What every thread gets. Before it, {@link take} must not be called. */
  initialize(init: WorkerInit): void {
    this.#init = init;
  }

  /**
   * A thread, and when it is ready: rejects as {@link WorkerThread.equip} does.
   *
   * @throws Error when the system gives no thread
   */
  take(): { readonly thread: WorkerThread; readonly ready: Promise<number> } {
    if (this.#init === undefined) throw new TypeError('The threads have no equipment yet.');
    const thread = this.#booting.shift() ?? this.#boot();
    return { thread, ready: thread.initialize(this.#init) };
  }

  /** Ends those that nobody took. */
  async end(): Promise<void> {
    this.#toBoot = 0;
    await Promise.all(this.#booting.splice(0).map((thread) => thread.end()));
  }

  /** One a turn of the event loop: each takes some milliseconds. */
  #bootNext(): void {
    if (this.#toBoot === 0) return;
    try {
      this.#booting.push(this.#boot());
    } catch {
      // The system gives no thread: whoever takes one is told.
      this.#toBoot = 0;
    }
    setImmediate(() => this.#bootNext());
  }

  #boot(): WorkerThread {
    if (this.#toBoot > 0) this.#toBoot--;
    return new WorkerThread(this.#config, this.#url);
  }
}
