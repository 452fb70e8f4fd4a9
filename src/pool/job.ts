import type { Reply, Request } from '../protocol/messages.js';
import { performance } from '../support/timers.js';

/**
 * Why an execution ended without an answer of its own: its worker was ended because it took too long; nobody wants it any more; or its
 * deadline passed before it was begun.
 */
export type Interruption = 'watchdog' | 'cancelled' | 'deadline';

/** What came of a job: the worker's reply, or how it was stopped and after what time. */
export type JobEnd = { readonly reply: Reply } | { readonly interruption: Interruption; readonly runningMs: number };

/** Whose account a job is on: a name that a caller gave, that of all who gave none, or the application's own. */
export type TenantKey = string | symbol;

/** Everybody who gave no name. */
export const NO_TENANT: TenantKey = Symbol('no tenant');
/** The application itself, which compiles ahead of any call. */
export const APPLICATION: TenantKey = Symbol('application');

export function isCompilation({ request }: Job): boolean {
  return request.kind === 'compile';
}

export interface JobOptions {
  readonly tenant?: TenantKey;
  /** How long a worker may take for it before it is ended, in milliseconds. */
  readonly limitMs: number;
  /** What is known of the time that it takes, for {@link DurationEstimates}. Default: nothing, and it is never in a batch. */
  readonly estimateKey?: string;
}

/** Who has a job, as far as others need to know. */
export interface JobHolder {
  /** What it executes now, and for how long, in milliseconds. */
  current(): { readonly job: Job; readonly runningMs: number } | undefined;
  /** Takes back the job. False when it was begun. */
  takeBack(job: Job): boolean;
  /** Asks for the job to be stopped. */
  cancel(job: Job): void;
}

/** What waits for one tenant, as far as a job needs to know. */
export interface JobLane {
  readonly tenant: TenantKey;
  readonly size: number;
  /** Takes a job that is the first of its kind. */
  shift(place: QueuePlace): void;
  /** A job is taken, or no longer wanted. */
  noteDead(place: QueuePlace): void;
}

/**
 * A job's place in a lane. A compilation that calls of several tenants wait for has one in the lane of each; it is taken from the first
 * of them whose turn comes, and its other places are dead.
 */
export interface QueuePlace {
  readonly job: Job;
  readonly lane: JobLane;
  /** Whether it counts as waiting for this tenant: false where the tenant's own calls wait for it and are counted themselves. */
  readonly isCounted: boolean;
  isDead: boolean;
  /** The job's place in another lane. */
  readonly also: QueuePlace | undefined;
}

/** One request on its way: queued, given to a worker, perhaps queued again, and at some time settled, once. */
export class Job {
  readonly request: Request;
  /** Of those that wait for it, the one whose turn came first. */
  tenant: TenantKey;
  readonly limitMs: number;
  readonly estimateKey: string | undefined;
  readonly end: Promise<JobEnd>;
  /** Workers that died before they finished it, although it was not being executed. */
  restarts = 0;
  /** Workers that died while they executed it. */
  crashes = 0;
  /** In the queue; the latest, if it has several. */
  place: QueuePlace | undefined;
  /** The worker that it was given to; absent again when it has to be given to another. */
  holder: JobHolder | undefined;
  #settledAt: number | undefined;
  #resolve!: (end: JobEnd) => void;
  #reject!: (error: unknown) => void;

  constructor(request: Request, { tenant = NO_TENANT, limitMs, estimateKey }: JobOptions) {
    this.request = request;
    this.tenant = tenant;
    this.limitMs = limitMs;
    this.estimateKey = estimateKey;
    this.end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isQueued(): boolean {
    return this.place !== undefined;
  }

  get isSettled(): boolean {
    return this.#settledAt !== undefined;
  }

  /** On the clock of `performance.now()`; Infinity before. */
  get settledAt(): number {
    return this.#settledAt ?? Number.POSITIVE_INFINITY;
  }

  /** What comes after the first end is dropped: nobody waits for it. */
  settle(end: JobEnd): void {
    if (this.isSettled) return;
    this.#settledAt = performance.now();
    this.#resolve(end);
  }

  reject(error: unknown): void {
    if (this.isSettled) return;
    this.#settledAt = performance.now();
    this.#reject(error);
  }
}
