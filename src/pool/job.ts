import type { Reply, Request } from './protocol.js';

/**
 * Why an execution ended without an answer of its own: its worker was ended because it took too long; nobody wants it any more; or its
 * deadline passed before it was begun.
 */
export type Interruption = 'watchdog' | 'cancelled' | 'deadline';

/** What came of a job: the worker's reply, or how it was stopped and after what time. */
export type JobEnd = { readonly reply: Reply } | { readonly interruption: Interruption; readonly runningMs: number };

/** Which tenant a job is queued under: a name that the caller gave, nobody's, or that of a tenant's compilations. */
export type TenantKey = string | symbol;

/** Everybody who gave no name. */
export const NO_TENANT: TenantKey = Symbol('no tenant');
/** Compilations that nobody's call waits for. */
const COMPILATIONS: TenantKey = Symbol('compilations');
const COMPILATION_PREFIX = '\0compilation of ';

/** Compilations have a lane of their own beside their tenant's executions, which may wait for them. */
export function compilationsOf(tenant: string | undefined): TenantKey {
  return tenant === undefined ? COMPILATIONS : COMPILATION_PREFIX + tenant;
}

export function isCompilation(tenant: TenantKey): boolean {
  return tenant === COMPILATIONS || (typeof tenant === 'string' && tenant.startsWith(COMPILATION_PREFIX));
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

/** One request on its way: queued, given to a worker, perhaps queued again, and at some time settled, once. */
export class Job {
  readonly request: Request;
  readonly tenant: TenantKey;
  readonly limitMs: number;
  readonly estimateKey: string | undefined;
  readonly end: Promise<JobEnd>;
  /** Workers that died before they finished it, although it was not being executed. */
  restarts = 0;
  /** Workers that died while they executed it. */
  crashes = 0;
  isQueued = false;
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
