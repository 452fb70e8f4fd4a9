import type { Job, TenantKey } from './job.js';

/** The jobs of one tenant, in the order in which they came. */
class Lane {
  readonly tenant: TenantKey;
  #jobs: Job[] = [];
  #head = 0;
  /** Those behind the head that are no longer wanted. */
  #stale = 0;

  constructor(tenant: TenantKey) {
    this.tenant = tenant;
  }

  /** Those that are still wanted. */
  get size(): number {
    return this.#jobs.length - this.#head - this.#stale;
  }

  /** The first that is still wanted. */
  first(): Job | undefined {
    for (;;) {
      const job = this.#jobs[this.#head];
      if (job === undefined || job.isQueued) return job;
      this.#stale--;
      this.shift();
    }
  }

  /** One of them is no longer wanted. They are left where they are until they are half of all: looking for each would be quadratic. */
  noteStale(): void {
    this.#stale++;
    if (this.#stale * 2 < this.#jobs.length - this.#head) return;
    this.#jobs = this.#jobs.slice(this.#head).filter((job) => job.isQueued);
    this.#head = 0;
    this.#stale = 0;
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  unshift(job: Job): void {
    if (this.#head > 0) this.#jobs[--this.#head] = job;
    else this.#jobs.unshift(job);
  }

  /** Takes the first. What was taken is let go of half a list at a time: moving all others up for each would be quadratic. */
  shift(): void {
    (this.#jobs as (Job | undefined)[])[this.#head++] = undefined;
    if (this.#head * 2 < this.#jobs.length) return;
    this.#jobs = this.#jobs.slice(this.#head);
    this.#head = 0;
  }
}

/**
 * Jobs that wait for a worker. Tenants take turns; each one's jobs keep their order. A tenant that uses as many workers as it may is
 * passed over until one of them is free again.
 */
export class FairQueue {
  readonly #capOf: (tenant: TenantKey) => number;
  readonly #lanes = new Map<TenantKey, Lane>();
  /** Lanes in the order of their turns. */
  #turns: Lane[] = [];
  /** Workers that execute something of a tenant. */
  readonly #using = new Map<TenantKey, number>();
  #size = 0;

  /** @param capOf how many workers a tenant may use at once */
  constructor(capOf: (tenant: TenantKey) => number) {
    this.#capOf = capOf;
  }

  get size(): number {
    return this.#size;
  }

  sizeOf(tenant: TenantKey): number {
    return this.#lanes.get(tenant)?.size ?? 0;
  }

  /** Of all tenants that are meant. */
  sizeOfAll(isMeant: (tenant: TenantKey) => boolean): number {
    let size = 0;
    for (const lane of this.#turns) if (isMeant(lane.tenant)) size += lane.size;
    return size;
  }

  /** Workers that execute something of the tenants that are meant. */
  usedByAll(isMeant: (tenant: TenantKey) => boolean): number {
    let workers = 0;
    for (const [tenant, count] of this.#using) if (isMeant(tenant)) workers += count;
    return workers;
  }

  push(job: Job): void {
    this.#laneOf(job.tenant).push(job);
    this.#note(job);
  }

  /** Before all others of its tenant: it has waited its turn already. */
  pushFront(job: Job): void {
    this.#laneOf(job.tenant).unshift(job);
    this.#note(job);
  }

  /** Takes a job out of turn, because it is settled: it must not be pushed again. */
  remove(job: Job): void {
    const lane = this.#lanes.get(job.tenant);
    if (!job.isQueued || lane === undefined) return;
    job.isQueued = false;
    lane.noteStale();
    this.#noteGone(lane);
  }

  /**
   * The job whose turn it is.
   *
   * @param batch tenants that use the worker anyway for which it is taken
   * @param fits looked at before it is taken: when it does not fit, nobody else is taken in its place
   * @param only the tenant whose job it must be; default: whose turn it is
   */
  take(batch: ReadonlySet<TenantKey>, fits: (job: Job) => boolean = () => true, only?: TenantKey): Job | undefined {
    for (const [turn, lane] of this.#turns.entries()) {
      const job = lane.first();
      if (job === undefined || (only !== undefined && lane.tenant !== only)) continue;
      if (!batch.has(lane.tenant) && this.#isAtCap(lane.tenant)) continue;
      if (!fits(job)) return undefined;
      this.#takeFirst(lane, job);
      // Whoever had their turn goes to the end; those that were passed over keep theirs.
      if (lane.size > 0 && this.#turns.length > 1) {
        this.#turns.splice(turn, 1);
        this.#turns.push(lane);
      }
      return job;
    }
    return undefined;
  }

  /** Whether a worker that is free would get something to do. */
  get hasEligible(): boolean {
    return this.#turns.some((lane) => lane.first() !== undefined && !this.#isAtCap(lane.tenant));
  }

  /** A worker executes something of the tenant from now on. */
  occupy(tenant: TenantKey): void {
    this.#using.set(tenant, (this.#using.get(tenant) ?? 0) + 1);
  }

  /** It does no longer. */
  vacate(tenant: TenantKey): void {
    const left = (this.#using.get(tenant) ?? 0) - 1;
    if (left > 0) this.#using.set(tenant, left);
    else this.#using.delete(tenant);
  }

  /** Empties it. */
  drain(): Job[] {
    const jobs: Job[] = [];
    for (const lane of [...this.#turns]) {
      for (let job = lane.first(); job !== undefined; job = lane.first()) {
        this.#takeFirst(lane, job);
        jobs.push(job);
      }
    }
    return jobs;
  }

  #isAtCap(tenant: TenantKey): boolean {
    return (this.#using.get(tenant) ?? 0) >= this.#capOf(tenant);
  }

  #laneOf(tenant: TenantKey): Lane {
    const known = this.#lanes.get(tenant);
    if (known !== undefined) return known;
    const lane = new Lane(tenant);
    this.#lanes.set(tenant, lane);
    this.#turns.push(lane);
    return lane;
  }

  #note(job: Job): void {
    job.isQueued = true;
    this.#size++;
  }

  #takeFirst(lane: Lane, job: Job): void {
    lane.shift();
    job.isQueued = false;
    this.#noteGone(lane);
  }

  /** One of its jobs is no longer here. */
  #noteGone(lane: Lane): void {
    this.#size--;
    if (lane.size > 0) return;
    this.#lanes.delete(lane.tenant);
    this.#turns = this.#turns.filter((other) => other !== lane);
  }
}
