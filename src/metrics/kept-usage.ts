/** What a store keeps. */
export interface KeptUsage {
  /** Waiting handlers, including those that are being resumed. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Recorded outcomes. */
  readonly outcomes: number;
  readonly outcomeBytes: number;
}
