/** Somebody should look at a run. */
export interface RunTask extends TaskBase {
  readonly kind: 'run';
  /** Who can execute it: `runtime.deployment`. */
  readonly deployment: string;
}

/** Somebody who has the extension should make a call of a run. */
export interface CallTask extends TaskBase {
  readonly kind: 'call';
  /** Of the run: `c1`, `c2`, … */
  readonly callId: string;
  /** Name of the extension. */
  readonly extension: string;
}

interface TaskBase {
  readonly runId: string;
  /** The run, or the call: `runId`, or `runId:callId`. Tasks of one key may be delivered once for all, and any number of times. */
  readonly key: string;
  /** Not before then, in milliseconds since the epoch; never more than ten minutes away. @default now */
  readonly atMs?: number;
  /** For fairness between tenants. */
  readonly tenant?: string;
}

/** What a {@link Dispatcher} carries: ids, and no data of anybody. */
export type Task = RunTask | CallTask;

/** Which tasks a process takes. */
export interface ConsumeOptions {
  /** Tasks of each kind that are handled at the same time. */
  readonly concurrency: number;
  /** Runs of these; none for a process that only makes calls. */
  readonly deployments: readonly string[];
  /** Calls of these extensions. */
  readonly extensions: readonly string[];
}

/** That a process takes tasks. */
export interface Consumption {
  /** Takes no more, and resolves when those that were taken are handled. */
  close(): Promise<void>;
}

/**
 * Distributes the work of runs over processes: it says "look here". What is true is in the store of suspended handlers. So tasks may be lost,
 * delivered more than once, early, late, and in any order; a queue may be emptied as a whole. What was lost is found in the store within
 * seconds (a run) or a minute (a call), and what comes twice is seen to be done. `describeDispatcher` of `nexus-runtime/testing/store` tests one.
 *
 * `bullmq(…)` of `nexus-runtime/bullmq` makes one, on Redis or PostgreSQL.
 */
export interface Dispatcher {
  /**
   * Hands tasks over. Each dispatch leads to a delivery of its own, whatever became of those before it under the same key.
   *
   * Rejects if it cannot. The caller goes on without.
   */
  dispatch(tasks: readonly Task[]): Promise<void>;
  /**
   * Takes tasks until it is closed.
   *
   * @param handle resolves when there is nothing more to do. If it rejects, the task should be delivered again after a pause; its signal fires
   *   when the task was given to another process
   */
  consume(handle: (task: Task, signal: AbortSignal) => Promise<void>, options: ConsumeOptions): Promise<Consumption>;
  /** Who made it calls it, after all runtimes that have it are shut down. It leaves clients of the application open. */
  close(): Promise<void>;
}
