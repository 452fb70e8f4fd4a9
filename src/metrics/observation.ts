import type { ExecutionMetrics, WasmResult } from '../contract/result.js';
import type { ResultCode } from '../errors/codes.js';

/** The layers of time: the engine's interrupt, the slices of jobs, and the watchdog that ends the worker. */
export const KILL_LAYERS = ['interrupt', 'jobs', 'watchdog'] as const;
export type KillLayer = (typeof KILL_LAYERS)[number];

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
