/** The maximum number of requests in one message to a worker. */
export const MAX_BATCH = 32;

/** The state of a request of a worker's batch. */
export const ItemState = {
  /** Not started. */
  waiting: 0,
  /** Being executed: if the worker dies now, this request is the cause. */
  running: 1,
  finished: 2,
  /** Revoked before it was started: the worker skips it. */
  revoked: 3,
} as const;
export type ItemState = (typeof ItemState)[keyof typeof ItemState];

const CURRENT = 0;
const STARTED = 1;
const CANCELLED = 2;
const STATES = 3;
const CELLS = STATES + MAX_BATCH;
/** In {@link CURRENT} and {@link CANCELLED}, where items count from 1. */
const NONE = 0;

/**
 * Shows what a worker is doing, in shared memory: the main thread can read it without asking, even if the
 * worker no longer answers or is gone. There is one for the life of each worker.
 */
export class ControlBlock {
  readonly cells: Int32Array<SharedArrayBuffer>;

  /** @param cells the cells of a block that the other thread created; default: a new block */
  constructor(cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT))) {
    this.cells = cells;
  }

  /** For the main thread, while the worker has no batch. */
  reset(items: number): void {
    Atomics.store(this.cells, CURRENT, NONE);
    Atomics.store(this.cells, CANCELLED, NONE);
    for (let item = 0; item < items; item++) Atomics.store(this.cells, STATES + item, ItemState.waiting);
  }

  stateOf(item: number): ItemState {
    return Atomics.load(this.cells, STATES + item) as ItemState;
  }

  /** The request that is being executed, and for how long, in milliseconds; undefined between requests. */
  current(): { readonly item: number; readonly runningMs: number } | undefined {
    // The stamp is stored before the number, so it may belong to the next request. Then the time is too short
    // once.
    const item = Atomics.load(this.cells, CURRENT) - 1;
    if (item < 0) return undefined;
    return { item, runningMs: elapsedMs(Atomics.load(this.cells, STARTED)) };
  }

  /** For the main thread: revokes a request. False if it was started. */
  revoke(item: number): boolean {
    return this.#exchange(item, ItemState.waiting, ItemState.revoked);
  }

  /** For the main thread: asks the worker to stop this request if it is executing it. */
  cancel(item: number): void {
    // There is one flag for all requests: it must not stop the wrong one.
    if (this.stateOf(item) === ItemState.running) Atomics.store(this.cells, CANCELLED, item + 1);
  }

  /** For the worker: starts a request. False if it was revoked. */
  claim(item: number): boolean {
    if (!this.#exchange(item, ItemState.waiting, ItemState.running)) return false;
    Atomics.store(this.cells, STARTED, stamp());
    Atomics.store(this.cells, CURRENT, item + 1);
    return true;
  }

  /** For the worker: whether this request was cancelled. */
  isCancelled(item: number): boolean {
    return Atomics.load(this.cells, CANCELLED) === item + 1;
  }

  /** For the worker: its reply is complete. */
  finish(item: number): void {
    Atomics.store(this.cells, CURRENT, NONE);
    Atomics.store(this.cells, STATES + item, ItemState.finished);
  }

  #exchange(item: number, from: ItemState, to: ItemState): boolean {
    return Atomics.compareExchange(this.cells, STATES + item, from, to) === from;
  }
}

/**
 * Milliseconds on a monotonic clock that is the same in all threads; with the wall clock, adjusting it would
 * look like hours of work. It wraps around, so only differences are meaningful: see {@link elapsedMs}.
 */
function stamp(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0;
}

/** @param since a {@link stamp} of less than 24 days ago */
function elapsedMs(since: number): number {
  return (stamp() - since) | 0;
}
