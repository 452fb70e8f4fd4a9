import type { ExecutionMetrics, WasmResult } from '../contract/result.js';
import type { ResultCode } from '../errors/codes.js';

/** The layers of time: the engine's interrupt, the slices of jobs, and the watchdog that ends the worker. */
export const KILL_LAYERS = ['interrupt', 'jobs', 'watchdog'] as const;
export type KillLayer = (typeof KILL_LAYERS)[number];

/** What the runtime tells of every execution that gave a result. */
export interface ExecutionObservation {
  readonly status: WasmResult['status'];
  /** Present when `status` is `'error'`. */
  readonly code?: ResultCode;
  /** What stopped it, when its time was over. */
  readonly layer?: KillLayer;
  readonly metrics: ExecutionMetrics;
  /** False when it ended before a worker began it: it compiled badly, say. */
  readonly executed: boolean;
}

/** Receives what happens, on the main thread. Implementations must not throw. */
export interface MetricsRecorder {
  execution(observation: ExecutionObservation): void;
  /** A worker, or a VM in one, was given up. */
  retirement(reason: string): void;
  /** In the Prometheus text format. */
  text(): Promise<string>;
}

/** With metrics off, nothing is recorded. */
export const noMetrics: MetricsRecorder = {
  execution: () => {},
  retirement: () => {},
  text: async () => '',
};
