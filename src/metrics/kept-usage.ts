/** What is kept. */
export interface KeptUsage {
  /** Handlers that wait, those included that are being resumed. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Recorded outcomes. */
  readonly outcomes: number;
  readonly outcomeBytes: number;
}
