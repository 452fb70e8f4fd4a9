import type { DueCount } from '../../metrics/due-count.js';
import { performance } from '../../support/timers.js';
import { settleWithin } from '../../support/waiting.js';
import type { DurableStore } from '../../suspension/durable/durable-store.js';

/** At most so many runs are counted for each deployment: a longer queue would call for the same reaction. */
const MAX_COUNTED = 1_000;
/** At most so many deployments are reported: the values of a label must be bounded. */
const MAX_DEPLOYMENTS = 20;
/** Whoever asks more often gets what was seen last. */
const LOOK_MS = 5_000;
/** Metrics are collected in time even if the store does not answer: then there is no value. */
const ANSWER_MS = 1_000;

/** Counts runs that wait for a process, when somebody asks. */
export class DueRuns {
  readonly #store: Pick<DurableStore, 'deployments' | 'due'>;
  readonly #now: () => number;
  /** By id: since when each is seen to be due. */
  #since: ReadonlyMap<string, number> = new Map();
  #counts: readonly DueCount[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(store: Pick<DurableStore, 'deployments' | 'due'>, now = () => performance.now()) {
    this.#store = store;
    this.#now = now;
  }

  /** @returns none if the store does not answer */
  async counts(): Promise<readonly DueCount[]> {
    if (this.#now() - this.#lookedAt >= LOOK_MS) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await settleWithin(this.#looking, ANSWER_MS);
    }
    return this.#now() - this.#lookedAt < LOOK_MS ? this.#counts : [];
  }

  async #look(): Promise<void> {
    const deployments = (await this.#store.deployments()).slice(0, MAX_DEPLOYMENTS);
    const since = new Map<string, number>();
    const counts: DueCount[] = [];
    // One after the other: it is not urgent.
    for (const deployment of deployments) {
      const due = await this.#store.due(MAX_COUNTED, deployment);
      const nowMs = this.#now();
      let first = nowMs;
      for (const { id } of due) {
        const atMs = this.#since.get(id) ?? nowMs;
        since.set(id, atMs);
        first = Math.min(first, atMs);
      }
      counts.push({ deployment, runs: due.length, lagSeconds: (nowMs - first) / 1_000 });
    }
    this.#since = since;
    this.#counts = counts;
    this.#lookedAt = this.#now();
  }
}
