import type { RuntimeOptions } from '../../api/options.js';

/** Options of `createTestRuntime`: those of a runtime, though what concerns workers only has no effect, and time and chance. */
export interface TestRuntimeOptions extends RuntimeOptions {
  /** Where its clock stands, in milliseconds since the epoch, or a Date. @default 2025-01-01T00:00:00Z */
  readonly now?: number | Date;
  /** What handlers get as chance. Each execution begins with it anew, so none depends on those before it. @default 42 */
  readonly seed?: number;
  /**
   * Whether handlers are executed in a worker, as in production: the one way to end a native loop that the engine's interrupt does not
   * reach. The first execution then waits for the worker to start. @default false
   */
  readonly inWorker?: boolean;
}
