export const CACHE_TIERS = ['memory', 'disk', 'remote'] as const;
/**
 * A tier of the cache, in the order in which they are asked.
 *
 * @useDeclaredType
 */
export type CacheTierName = (typeof CACHE_TIERS)[number];

/** How an execution ended. */
export type ExecutionStatus = 'success' | 'suspended' | 'error';

/** The resources that an execution used. */
export interface ExecutionMetrics {
  /** Time in the VM: restore, context in, run, outcome out. Microseconds. */
  readonly durationUs: number;
  /** Time until the bytecode was available, if it had to be looked up. Microseconds. */
  readonly compilationTimeUs?: number;
  /** Time between the call and its start on a worker, without compilation. Microseconds. */
  readonly queueTimeUs: number;
  /** Time between its suspension and the call that resumed it, if it was suspended. Microseconds. */
  readonly suspendedTimeUs?: number;
  /** Heap of this execution beyond the initial heap of every execution. Bytes. */
  readonly memoryUsedBytes: number;
  /** Size of the VM's linear memory after the execution; it never shrinks while the VM lives. Bytes. */
  readonly memoryPeakBytes: number;
  /** Effects since the call or resume: mutations, events, view commands, logs, extension calls. */
  readonly hostCalls: number;
  /**
   * Instructions that count towards `maxInstructions`: calls and jumps back. The same for the same program and context on every machine.
   * 0 if the worker was terminated.
   */
  readonly instructionCount: number;
  readonly cacheHit: boolean;
  readonly cacheTier?: CacheTierName;
}
