import type { KillLayer } from '../api/observer.js';
import type { ExecutionMetrics, WasmResult } from '../api/result.js';
import type { ResultCode } from '../errors/codes.js';

/** What is told of every execution that gave a result. */
export interface ExecutionObservation {
  readonly status: WasmResult['status'];
  /** Present when `status` is `'error'`. */
  readonly code?: ResultCode | undefined;
  /** What stopped it, when its time was over. */
  readonly layer?: KillLayer | undefined;
  readonly handlerName?: string | undefined;
  readonly metrics: ExecutionMetrics;
  /** False when it ended before a worker began it: it compiled badly, say. */
  readonly began: boolean;
}
