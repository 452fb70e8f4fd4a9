import type { ContextValue } from '../api/context.js';
import type { ExecutionMetrics, ExtensionCall, ViewCommand, WasmResult } from '../api/result.js';
import { addMetrics } from '../execution/result/result.js';
import type { MadeCall } from './mocks.js';
import { mutated, type TestState } from './state.js';

/**
 * The result of a handler in a test: the same as in production, plus fields for tests. `metrics` is not
 * enumerable, so that a snapshot of the result is the same in every run.
 */
export type TestResult = WasmResult & TestFields;

/** What a result has in a test only. */
export interface TestFields {
  /** The given state with all mutations applied, including those before an error. */
  readonly state: TestState;
  /** `viewCommands` under a shorter name. */
  readonly views: readonly ViewCommand[];
  /** Extension calls, in order. */
  readonly calls: readonly MadeCall[];
}

/** @param given the initial state of the handler */
export function testResult(result: WasmResult, given: ContextValue, calls: readonly MadeCall[]): TestResult {
  const { stateMutations, viewCommands, unawaitedCalls = [] } = result;
  const known = new Set(calls.map(({ callId }) => callId));
  const unmade: ExtensionCall[] = unawaitedCalls.filter(({ callId }) => !known.has(callId));
  const fields = { state: mutated(given, stateMutations), views: viewCommands, calls: [...calls, ...unmade] };
  return withMetrics({ ...result, ...fields }, result.metrics);
}

/** Times and memory differ from run to run: a snapshot of the result must not have them. */
export function withMetrics<T extends { metrics?: ExecutionMetrics }>(
  result: T,
  metrics: ExecutionMetrics,
): T & { metrics: ExecutionMetrics } {
  Object.defineProperty(result, 'metrics', { value: metrics, enumerable: false, configurable: true, writable: true });
  return result as T & { metrics: ExecutionMetrics };
}

/** Combines the segments of a handler: all their effects, and the end of the last. */
export function joined(earlier: WasmResult | undefined, later: WasmResult): WasmResult {
  if (earlier === undefined) return later;
  return {
    ...later,
    stateMutations: [...earlier.stateMutations, ...later.stateMutations],
    events: [...earlier.events, ...later.events],
    viewCommands: [...earlier.viewCommands, ...later.viewCommands],
    logs: [...earlier.logs, ...later.logs],
    metrics: addMetrics(earlier.metrics, later.metrics),
  };
}
