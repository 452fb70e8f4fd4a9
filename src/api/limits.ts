/** Limits of one execution, enforced on the host independently of the guest. */
export interface ExecutionLimits {
  /** Wall-clock time in the VM, in milliseconds. */
  readonly timeoutMs: number;
  /** Linear memory of the VM, in bytes. */
  readonly memoryLimitBytes: number;
  /** The guest's stack, in bytes. */
  readonly stackSizeBytes: number;
  readonly maxHostCalls: number;
  readonly maxStateMutations: number;
  readonly maxEvents: number;
  readonly maxViewCommands: number;
  /** Sum over all log messages, in UTF-16 code units. */
  readonly maxLogBytes: number;
  /** Encoded size of state, arguments and scope together, in bytes. */
  readonly maxContextBytes: number;
  /** Encoded size of everything the execution returns, in bytes. */
  readonly maxResultBytes: number;
  /**
   * How many additional values a walk over everything that the execution returns may visit because objects
   * occur more than once.
   */
  readonly maxResultPaths: number;
  /**
   * Instructions of the engine: calls and jumps back, counted the same on every machine. Checked after every 10,000, and at all segments of a
   * handler together.
   */
  readonly maxInstructions: number;
  /** Time in the VM of all segments of a handler together, in milliseconds. Waiting does not count. */
  readonly maxCpuMs: number;
  /** Timers that are set at the same time. */
  readonly maxTimers: number;
  /** The longest timer, in milliseconds. */
  readonly maxSleepMs: number;
}

/** What becomes of a log of more than `maxLogBytes`, see `ExecuteOptions.onLogOverflow`. */
export type LogOverflow = 'cut' | 'error';

/** Limits that the workers are made for: an execution can only lower them. */
export type VmLimitName = 'memoryLimitBytes' | 'stackSizeBytes';
