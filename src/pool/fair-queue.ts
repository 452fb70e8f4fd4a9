import { isCompilation, type Job, type JobLane, type QueuePlace, type TenantKey } from './job.js';
import { Lane } from './lane.js';

/** Limits on the use of workers. */
export interface QueueCaps {
  /** How many workers a tenant may use at once. */
  capOf(tenant: TenantKey): number;
  /** How many workers may compile at once. */
  readonly compilers: number;
}

/**
 * Jobs that wait for a worker. Tenants take turns, and executions and compilations of a tenant share its
 * turn; jobs of one kind keep their order. A tenant that uses as many workers as it may is skipped until one
 * of them is free.
 */
export class FairQueue {
  readonly #caps: QueueCaps;
  readonly #lanes = new Map<TenantKey, Lane>();
  /** Lanes in the order of their turns. */
  #turns: Lane[] = [];
  /** The number of workers that execute or compile for each tenant. */
  readonly #using = new Map<TenantKey, number>();
  /** Workers that compile. */
  #compiling = 0;
  #size = 0;
  #compilations = 0;

  constructor(caps: QueueCaps) {
    this.#caps = caps;
  }

  get size(): number {
    return this.#size;
  }

  get compilations(): number {
    return this.#compilations;
  }

  /** Without compilations that calls of this tenant joined: those calls are counted elsewhere. */
  sizeOf(tenant: TenantKey): number {
    return this.#lanes.get(tenant)?.counted ?? 0;
  }

  push(job: Job): void {
    this.#laneOf(job.tenant).push(this.#place(job));
  }

  /** Adds a job ahead of all others of its tenant and kind, because it has already waited for its turn. */
  pushFront(job: Job): void {
    this.#laneOf(job.tenant).unshift(this.#place(job));
  }

  /**
   * A tenant waits for a job that another one queued. The job is taken at the first turn of any of them, at
   * that tenant's expense.
   */
  join(job: Job, tenant: TenantKey): void {
    for (let place = job.place; place !== undefined; place = place.also) if (place.lane.tenant === tenant) return;
    const lane = this.#laneOf(tenant);
    job.place = { job, lane, isCounted: false, isDead: false, also: job.place };
    lane.push(job.place);
  }

  /** Removes a settled job from the queue; it must not be pushed again. */
  remove(job: Job): void {
    if (job.isQueued) this.#leave(job, undefined);
  }

  /**
   * Takes the job whose turn it is.
   *
   * @param batch tenants that already use the worker
   * @param fits checked before the job is taken: if it does not fit, no other job is taken in its place
   * @param only the tenant whose job it must be; default: the tenant whose turn it is
   */
  take(batch: ReadonlySet<TenantKey>, fits: (job: Job) => boolean = () => true, only?: TenantKey): Job | undefined {
    for (const [turn, lane] of this.#turns.entries()) {
      const place = lane.first(this.#mayCompile);
      if (place === undefined || (only !== undefined && lane.tenant !== only)) continue;
      if (!batch.has(lane.tenant) && this.#isAtCap(lane.tenant)) continue;
      const { job } = place;
      if (!fits(job)) return undefined;
      // A tenant that had its turn goes to the end; skipped tenants keep their position.
      if (lane.size > 1 && this.#turns.length > 1) {
        this.#turns.splice(turn, 1);
        this.#turns.push(lane);
      }
      job.tenant = lane.tenant;
      this.#leave(job, place);
      return job;
    }
    return undefined;
  }

  /** Whether there is a job for an idle worker. */
  get hasEligible(): boolean {
    return this.#turns.some((lane) => lane.first(this.#mayCompile) !== undefined && !this.#isAtCap(lane.tenant));
  }

  /** A worker starts executing for the tenant. */
  occupy(tenant: TenantKey): void {
    this.#using.set(tenant, (this.#using.get(tenant) ?? 0) + 1);
  }

  /** A worker stops executing for the tenant. */
  vacate(tenant: TenantKey): void {
    const left = (this.#using.get(tenant) ?? 0) - 1;
    if (left > 0) this.#using.set(tenant, left);
    else this.#using.delete(tenant);
  }

  /** A worker starts compiling (1) or stops compiling (-1). */
  countCompiler(difference: 1 | -1): void {
    this.#compiling = Math.max(0, this.#compiling + difference);
  }

  /** Removes and returns all jobs. */
  drain(): Job[] {
    const jobs: Job[] = [];
    for (const lane of [...this.#turns]) {
      for (let place = lane.first(true); place !== undefined; place = lane.first(true)) {
        jobs.push(place.job);
        this.#leave(place.job, place);
      }
    }
    return jobs;
  }

  get #mayCompile(): boolean {
    return this.#compiling < this.#caps.compilers;
  }

  #isAtCap(tenant: TenantKey): boolean {
    return (this.#using.get(tenant) ?? 0) >= this.#caps.capOf(tenant);
  }

  #laneOf(tenant: TenantKey): Lane {
    const known = this.#lanes.get(tenant);
    if (known !== undefined) return known;
    const lane = new Lane(tenant);
    this.#lanes.set(tenant, lane);
    this.#turns.push(lane);
    return lane;
  }

  #place(job: Job): QueuePlace {
    const lane = this.#laneOf(job.tenant);
    this.#size++;
    if (isCompilation(job)) this.#compilations++;
    job.place = { job, lane, isCounted: true, isDead: false, also: undefined };
    return job.place;
  }

  /** @param first the place from which it is taken, the first in its lane; default: it is taken out of turn */
  #leave(job: Job, first: QueuePlace | undefined): void {
    this.#size--;
    if (isCompilation(job)) this.#compilations--;
    for (let place = job.place; place !== undefined; place = place.also) {
      place.isDead = true;
      if (place === first) place.lane.shift(place);
      else place.lane.noteDead(place);
      this.#endLane(place.lane);
    }
    job.place = undefined;
  }

  #endLane(lane: JobLane): void {
    if (lane.size > 0) return;
    this.#lanes.delete(lane.tenant);
    this.#turns = this.#turns.filter((other) => other !== lane);
  }
}
