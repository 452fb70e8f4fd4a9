/** Requests that one message to a worker holds at most. */
export const MAX_BATCH = 32;

/** How far a worker is with one request of its batch. */
export const ItemState = {
  /** Not begun. */
  waiting: 0,
  /** Being executed: if the worker dies now, this one did it. */
  running: 1,
  finished: 2,
  /** Taken back before it was begun: the worker leaves it out. */
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
 * What a worker is doing, in memory that the main thread sees as well: it need not ask, and it can still look when the worker does
 * not answer any more, or is gone. One for the life of one worker.
 */
export class ControlBlock {
  readonly cells: Int32Array<SharedArrayBuffer>;

  /** @param cells of a block that the other thread made; default: a new one */
  constructor(cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT))) {
    this.cells = cells;
  }

  /** Main thread, while the worker has no batch. */
  reset(items: number): void {
    Atomics.store(this.cells, CURRENT, NONE);
    Atomics.store(this.cells, CANCELLED, NONE);
    for (let item = 0; item < items; item++) Atomics.store(this.cells, STATES + item, ItemState.waiting);
  }

  stateOf(item: number): ItemState {
    return Atomics.load(this.cells, STATES + item) as ItemState;
  }

  /** Which request is being executed, and for how long, in milliseconds; undefined between requests. */
  current(): { readonly item: number; readonly runningMs: number } | undefined {
    // The stamp may be one request younger than the number: it is stored before it. Then the time is too short for once.
    const item = Atomics.load(this.cells, CURRENT) - 1;
    if (item < 0) return undefined;
    return { item, runningMs: elapsedMs(Atomics.load(this.cells, STARTED)) };
  }

  /** Main thread: takes back a request. False when it has begun. */
  revoke(item: number): boolean {
    return this.#exchange(item, ItemState.waiting, ItemState.revoked);
  }

  /** Main thread: asks the worker to stop what it executes, should it be this one. */
  cancel(item: number): void {
    // One flag for all: it must not be taken from the one that runs.
    if (this.stateOf(item) === ItemState.running) Atomics.store(this.cells, CANCELLED, item + 1);
  }

  /** Worker: begins a request. False when it was taken back. */
  claim(item: number): boolean {
    if (!this.#exchange(item, ItemState.waiting, ItemState.running)) return false;
    Atomics.store(this.cells, STARTED, stamp());
    Atomics.store(this.cells, CURRENT, item + 1);
    return true;
  }

  /** Worker: nobody wants the result of this one any more. */
  isCancelled(item: number): boolean {
    return Atomics.load(this.cells, CANCELLED) === item + 1;
  }

  /** Worker: its reply stands. */
  finish(item: number): void {
    Atomics.store(this.cells, CURRENT, NONE);
    Atomics.store(this.cells, STATES + item, ItemState.finished);
  }

  #exchange(item: number, from: ItemState, to: ItemState): boolean {
    return Atomics.compareExchange(this.cells, STATES + item, from, to) === from;
  }
}

/**
 * Milliseconds, the same in all threads. A clock that nobody sets: with that of the day a change of it would look like work that took
 * hours. It wraps around, so only differences mean something: see {@link elapsedMs}.
 */
function stamp(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0;
}

/** @param since a {@link stamp} of less than 24 days ago */
function elapsedMs(since: number): number {
  return (stamp() - since) | 0;
}
