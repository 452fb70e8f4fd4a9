import type { KeptUsage } from '../../metrics/kept-usage.js';
import { AgeQueue } from './age-queue.js';

/** The data about a suspension in a store. */
export interface Entry {
  readonly tenant: string | undefined;
  bytes: number;
  /** `'moved'`: the next generation has taken its place among the waiting ones. */
  state: 'waiting' | 'moved' | 'outcome';
  /** For an outcome: the time when it was recorded. */
  atMs: number;
  /** Whether this process suspended it. */
  readonly isOwn: boolean;
  /** The store has not acknowledged it yet. */
  isPending: boolean;
  version: number | undefined;
  /** The number of the census that last saw it, or during which this process changed it. */
  seen: number;
}

/** The sums of a scope: of everything, or of one tenant. */
export class Account implements KeptUsage {
  waiting = 0;
  waitingBytes = 0;
  /** Of those that wait, the ones that this process suspended. */
  own = 0;
  outcomes = 0;
  outcomeBytes = 0;
  /** Outcomes by age. */
  readonly queue = new AgeQueue();

  add(id: string, { state, bytes, atMs, isOwn }: Entry): void {
    this.#count(state, bytes, 1, isOwn);
    if (state === 'outcome') this.queue.add(id, atMs);
  }

  remove(id: string, { state, bytes, atMs, isOwn }: Entry): void {
    this.#count(state, -bytes, -1, isOwn);
    if (state === 'outcome') this.queue.remove(id, atMs);
  }

  get isEmpty(): boolean {
    return this.waiting === 0 && this.outcomes === 0;
  }

  get usage(): KeptUsage {
    const { waiting, waitingBytes, outcomes, outcomeBytes } = this;
    return { waiting, waitingBytes, outcomes, outcomeBytes };
  }

  #count(state: Entry['state'], bytes: number, one: 1 | -1, isOwn: boolean): void {
    if (state === 'waiting') {
      this.waiting += one;
      if (isOwn) this.own += one;
      this.waitingBytes += bytes;
    } else if (state === 'outcome') {
      this.outcomes += one;
      this.outcomeBytes += bytes;
    }
  }
}
