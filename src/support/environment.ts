import { newRunId } from './run-ids.js';

/** What a runtime takes from the world around it, for its own purposes: a test can give it another world. */
export interface Environment {
  /** Milliseconds since the epoch. */
  now(): number;
  /** As `support/run-ids.ts` has them; no two alike. */
  newRunId(): string;
}

/** The real ones; the time is that of the application's `Date`, which its tests may move. */
export const systemEnvironment: Environment = { now: () => Date.now(), newRunId };
