import { newRunId } from './run-ids.js';

/** What a runtime takes from the world around it, for its own purposes: a test can give it another world. */
export interface RuntimeEnvironment {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A run id as in `support/run-ids.ts`; each is unique. */
  newRunId(): string;
}

/** The real ones. */
export const systemEnvironment: RuntimeEnvironment = { now: () => Date.now(), newRunId };
