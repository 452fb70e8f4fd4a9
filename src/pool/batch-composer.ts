import { MAX_BATCH } from '../protocol/control-block.js';
import type { DurationEstimates } from './duration-estimates.js';
import type { FairQueue } from './fair-queue.js';
import type { Job, TenantKey } from './job.js';

/** The expected duration of a batch: no request in it has to wait long for the others. */
const BUDGET_US = 1_000;
const NO_TENANTS: ReadonlySet<TenantKey> = new Set();

/** Decides which jobs travel together. */
export class BatchComposer {
  readonly #queue: FairQueue;
  readonly #estimates: DurationEstimates;

  constructor(queue: FairQueue, estimates: DurationEstimates) {
    this.#queue = queue;
    this.#estimates = estimates;
  }

  /**
   * Takes the next job for a worker, and as many quick jobs behind it as fit.
   *
   * @param workers the number of workers that share the queue
   * @param areOthersIdle whether other tenants have an idle worker: in this batch they would wait for its end
   */
  take(workers: number, areOthersIdle: boolean): Job[] {
    const share = Math.min(Math.ceil(this.#queue.size / Math.max(1, workers)), MAX_BATCH);
    const first = this.#queue.take(NO_TENANTS);
    if (first === undefined) return [];
    const jobs = [first];
    const tenants = new Set([first.tenant]);
    let budgetUs = BUDGET_US - this.#estimate(first);
    const fits = (job: Job) => this.#estimate(job) <= budgetUs;
    const only = areOthersIdle ? first.tenant : undefined;
    while (jobs.length < share) {
      const next = this.#queue.take(tenants, fits, only);
      if (next === undefined) break;
      budgetUs -= this.#estimate(next);
      tenants.add(next.tenant);
      jobs.push(next);
    }
    return jobs;
  }

  /** Whether it is known to take a fraction of a millisecond. */
  isQuick(job: Job): boolean {
    return this.#estimate(job) <= BUDGET_US / 2;
  }

  /** An unknown job may take any time. */
  #estimate({ estimateKey, restarts }: Job): number {
    // A job that was requeued after the loss of a worker runs alone, because it may have caused the loss.
    if (restarts > 0) return Number.POSITIVE_INFINITY;
    const known = estimateKey === undefined ? undefined : this.#estimates.get(estimateKey);
    return known ?? Number.POSITIVE_INFINITY;
  }
}
