import type { ExecutionMetrics, WasmResult } from '../contract/result.js';
import type { ResultCode } from '../errors/codes.js';

/** What the runtime tells of every execution that gave a result. */
export interface ExecutionObservation {
  readonly status: WasmResult['status'];
  /** Present when `status` is `'error'`. */
  readonly code?: ResultCode;
  readonly metrics: ExecutionMetrics;
  /** False when it ended before a worker began it: it compiled badly, say. */
  readonly executed: boolean;
}

/** Receives what happens, on the main thread. Implementations must not throw. */
export interface MetricsRecorder {
  execution(observation: ExecutionObservation): void;
  /** In the Prometheus text format. */
  text(): Promise<string>;
}

/** With metrics off, nothing is recorded. */
export const noMetrics: MetricsRecorder = {
  execution: () => {},
  text: async () => '',
};
