import type { CheckpointArea } from '../protocol/checkpoint.js';
import type { ExecuteRequest, ResumeRequest } from '../protocol/messages.js';

/** What an attempt needs of its request. */
export type AttemptRequest = Pick<
  ExecuteRequest | ResumeRequest,
  'limits' | 'deadline' | 'instructionsBefore' | 'leftOut'
>;

export interface AttemptOptions {
  /** Polled while it runs: whether the execution was cancelled. */
  readonly isCancelled: () => boolean;
  /**
   * The deadline of a previous attempt, on the clock of `performance.now()`; otherwise the time starts with
   * this one.
   */
  readonly deadline?: number | undefined;
  /** See {@link LogStreaming}. */
  readonly logRing?: Uint8Array | undefined;
  /** Where the VM is written if the handler waits, as long as it has room there. Default: it becomes a delta. */
  readonly area?: CheckpointArea | undefined;
}
