import { epochMs, type Reply, type Request } from '../protocol/messages.js';
import { performance } from '../support/timers.js';

/**
 * Why an execution ended without a reply: its worker was terminated because it took too long, the execution
 * was cancelled, or its deadline passed before it was started.
 */
export type Interruption = 'watchdog' | 'cancelled' | 'deadline';

/** The end of a job: the worker's reply, or how it was stopped and after what time. */
export type JobEnd = { readonly reply: Reply } | { readonly interruption: Interruption; readonly runningMs: number };

/** The tenant of a job: a name that a caller passed, that of all calls without a name, or the application. */
export type TenantKey = string | symbol;

/** All calls without a tenant. */
export const NO_TENANT: TenantKey = Symbol('no tenant');
/** The application itself, which compiles in advance of any call. */
export const APPLICATION: TenantKey = Symbol('application');

export function isCompilation({ request }: Job): boolean {
  return request.kind === 'compile';
}

export interface JobOptions {
  readonly tenant?: TenantKey;
  /** The caller's name for the handler. */
  readonly handlerName?: string | undefined;
  /** The time after which the worker is terminated, in milliseconds. */
  readonly limitMs: number;
  /**
   * The key of the expected duration in {@link DurationEstimates}. Default: none, and the job is never in a
   * batch.
   */
  readonly estimateKey?: string | undefined;
  /** The key of a handler whose VM may become a checkpoint if it waits. Default: none, and it becomes a snapshot */
  readonly checkpointKey?: string | undefined;
}

/** Is told once how a job ended. What it does at once may not throw. */
export interface JobListener {
  onEnd(end: JobEnd): void;
  onError(error: unknown): void;
}

/** The worker of a job, as far as other parts need it. */
export interface JobHolder {
  /** The job that it executes now, and for how long, in milliseconds. */
  current(): { readonly job: Job; readonly runningMs: number } | undefined;
  /** Takes back the job. False if it was started. */
  takeBack(job: Job): boolean;
  /** Asks the worker to stop the job. */
  cancel(job: Job): void;
}

/** The lane of a tenant, as far as a job needs it. */
export interface JobLane {
  readonly tenant: TenantKey;
  readonly size: number;
  /** Takes a job that is the first of its kind. */
  shift(place: QueuePlace): void;
  /** A job was taken, or is no longer needed. */
  noteDead(place: QueuePlace): void;
}

/**
 * The place of a job in a lane. A compilation for which several tenants wait has one in the lane of each; it
 * is taken at the first turn of any of them, and its other places are then dead.
 */
export interface QueuePlace {
  readonly job: Job;
  readonly lane: JobLane;
  /**
   * Whether it counts as waiting for this tenant: false if the tenant's own calls wait for it and are counted
   * themselves.
   */
  readonly isCounted: boolean;
  isDead: boolean;
  /** The job's place in another lane. */
  readonly also: QueuePlace | undefined;
}

/** A request: queued, given to a worker, possibly requeued, and settled once. */
export class Job {
  readonly request: Request;
  /** The tenant for which it is executed: of those that wait for it, the one whose turn came first. */
  tenant: TenantKey;
  readonly handlerName: string | undefined;
  readonly limitMs: number;
  readonly estimateKey: string | undefined;
  readonly checkpointKey: string | undefined;
  /** How many workers died before they finished it while it was not being executed. */
  restarts = 0;
  /** How many workers died while they executed it. */
  crashes = 0;
  /** Its place in the queue; the latest, if it has several. */
  place: QueuePlace | undefined;
  /** The worker that has it; undefined while it waits for another one. */
  holder: JobHolder | undefined;
  #settledAt: number | undefined;
  /** How it ended, or the error of that. */
  #end: JobEnd | { readonly error: unknown } | undefined;
  #listener: JobListener | undefined;
  #promise: Promise<JobEnd> | undefined;

  constructor(request: Request, { tenant = NO_TENANT, handlerName, limitMs, estimateKey, checkpointKey }: JobOptions) {
    this.request = request;
    this.tenant = tenant;
    this.handlerName = handlerName;
    this.limitMs = limitMs;
    this.estimateKey = estimateKey;
    this.checkpointKey = checkpointKey;
  }

  /** In place of {@link listen}. */
  get end(): Promise<JobEnd> {
    this.#promise ??= new Promise((onEnd, onError) => this.listen({ onEnd, onError }));
    return this.#promise;
  }

  /** perf: saves a promise for each execution. There is one listener. */
  listen(listener: JobListener): void {
    this.#listener = listener;
    if (this.#end !== undefined) this.#tell(this.#end);
  }

  #tell(end: JobEnd | { readonly error: unknown }): void {
    if ('error' in end) this.#listener?.onError(end.error);
    else this.#listener?.onEnd(end);
  }

  get isQueued(): boolean {
    return this.place !== undefined;
  }

  get isSettled(): boolean {
    return this.#settledAt !== undefined;
  }

  /** On the clock of `performance.now()`; Infinity before it is settled. */
  get settledAt(): number {
    return this.#settledAt ?? Number.POSITIVE_INFINITY;
  }

  /** Further ends are dropped: false. */
  settle(end: JobEnd): boolean {
    if (this.isSettled) return false;
    this.#settledAt = performance.now();
    this.#end = end;
    this.#tell(end);
    return true;
  }

  reject(error: unknown): void {
    if (this.isSettled) return;
    this.#settledAt = performance.now();
    this.#end = { error };
    this.#tell(this.#end);
  }
}

/** For diagnostics. */
export function describeJob({ request, tenant }: Job) {
  return {
    kind: request.kind,
    key: 'key' in request ? request.key.slice(0, 12) : undefined,
    tenant: typeof tenant === 'string' ? tenant : undefined,
  };
}

/** The deadline of the job's call has passed. */
export function isLate({ request }: Job): boolean {
  return 'deadline' in request && request.deadline !== undefined && epochMs() >= request.deadline.atMs;
}
