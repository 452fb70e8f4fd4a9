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
}
