/** What came of an execution. */
export type ExecutionStatus = 'success' | 'suspended' | 'error';

/** What an execution took. Here, as events carry it to observers, which are an option. */
export interface ExecutionMetrics {
  /** Time in the VM: restore, context in, run, outcome out. Microseconds. */
  readonly durationUs: number;
  /** Time until the bytecode was at hand, when it had to be looked for. Microseconds. */
  readonly compilationTimeUs?: number;
  /** Time between the call and its start on a worker, compilation not included. Microseconds. */
  readonly queueTimeUs: number;
  /** Time between its suspension and the call that resumed it, when there was one. Microseconds. */
  readonly suspendedTimeUs?: number;
  /** Heap that this execution took beyond what every execution starts with. Bytes. */
  readonly memoryUsedBytes: number;
  /** Size of the VM's linear memory after the execution; it never shrinks while the VM lives. Bytes. */
  readonly memoryPeakBytes: number;
  /** Effects that left the VM since it was called or resumed: mutations, events, view commands, logs, extension calls. */
  readonly hostCalls: number;
  /** Interpreter steps, counted in units of 10,000 by the engine's interrupt counter. */
  readonly instructionCount: number;
  readonly cacheHit: boolean;
  readonly cacheTier?: 'memory' | 'disk';
}
