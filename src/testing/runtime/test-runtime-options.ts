import type { RuntimeOptions } from '../../api/options.js';

/**
 * Options of `createTestRuntime`: those of a runtime, of which those for workers have no effect, plus time
 * and randomness. `maxLiveBytes: 0` has each handler that waits in `run` restored from a snapshot.
 */
export interface TestRuntimeOptions extends RuntimeOptions {
  /** The time of its frozen clock, in milliseconds since the epoch, or a Date. @default 2025-01-01T00:00:00Z */
  readonly now?: number | Date;
  /**
   * The seed of handlers' random numbers. Each execution starts with it again, so none depends on previous
   * ones. @default 42
   */
  readonly seed?: number;
  /**
   * Whether handlers are executed in a worker, as in production: the only way to end a native loop without
   * interrupt checks. The first execution then waits for the worker to start. @default false
   */
  readonly inWorker?: boolean;
  /**
   * Whether executions repeat: a frozen clock, seeded randomness and the same ids. With `false`, time and randomness are real, as in
   * production: for short-lived programs that start faster without workers. `now` and `seed` cannot be given then. @default true
   */
  readonly deterministic?: boolean;
  /**
   * A directory: the lines of handler files that `runHandler` and `suspendAt` execute are counted, and each
   * process writes an lcov file there when it ends. `reportCoverage` joins them and checks shares. Counted
   * handlers take more time and instructions. Default: the variable NEXUS_COVERAGE; without it, nothing is
   * counted
   */
  readonly coverage?: string | false;
}
