import type { KillLayer } from '../api/observing/observer.js';
import type { ExecutionMetrics, WasmResult } from '../api/result.js';
import type { ResultCode } from '../errors/codes.js';

/** The facts that are reported about every execution with a result. */
export interface ExecutionObservation {
  readonly status: WasmResult['status'];
  /** Present when `status` is `'error'`. */
  readonly code?: ResultCode | undefined;
  /** The layer that stopped it, if it timed out. */
  readonly layer?: KillLayer | undefined;
  readonly handlerName?: string | undefined;
  readonly metrics: ExecutionMetrics;
  /** False if it ended before a worker started it, for example because it did not compile. */
  readonly began: boolean;
}
