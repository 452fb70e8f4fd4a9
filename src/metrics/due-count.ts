/** Runs of a deployment that are due and that nobody has. */
export interface DueCount {
  readonly deployment: string;
  /** At most 1,000. */
  readonly runs: number;
  /** For how long one of them has been seen to be due. */
  readonly lagSeconds: number;
}
