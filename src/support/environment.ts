import { newRunId } from './run-ids.js';
import { ringAt } from './timers.js';

/** What a runtime takes from the world around it, for its own purposes: a test can give it another world. */
export interface RuntimeEnvironment {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Rings once when `now()` has reached a time.
   *
   * @param isIdle whether nothing else can happen before, so that a test need not wait
   * @returns what calls it off
   */
  alarm(atMs: number, ring: () => void, isIdle: boolean): () => void;
  /** A run id as in `support/run-ids.ts`; each is unique. */
  newRunId(): string;
}

/** The real ones. */
export const systemEnvironment: RuntimeEnvironment = {
  now: () => Date.now(),
  alarm: (atMs, ring) => ringAt(() => Date.now(), atMs, ring),
  newRunId,
};
