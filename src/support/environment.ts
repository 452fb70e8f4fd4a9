import { newRunId } from './run-ids.js';

/** The clock and ids of a runtime; tests can replace them. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A run id as in `support/run-ids.ts`; each is unique. */
  newRunId(): string;
}

/** The system clock and random ids. */
export const systemEnvironment: Environment = { now: () => Date.now(), newRunId };
