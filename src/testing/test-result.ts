import type { ContextValue } from '../api/context.js';
import type { ExtensionCall, ViewCommand, WasmResult } from '../api/result.js';
import { addMetrics } from '../execution/result/result.js';
import type { MadeCall } from './mocks.js';
import { mutated, type TestState } from './state.js';

/** What came of a handler in a test: the result that production would have, and what tests look at. */
export interface TestResult extends WasmResult {
  /** The state that was given, with all mutations applied, those before an error included. */
  readonly state: TestState;
  /** {@link WasmResult.viewCommands} by a shorter name. */
  readonly views: readonly ViewCommand[];
  /** Calls of extensions, in the order in which they were made. */
  readonly calls: readonly MadeCall[];
}

/** @param given the state that the handler began with */
export function testResult(result: WasmResult, given: ContextValue, calls: readonly MadeCall[]): TestResult {
  const { stateMutations, viewCommands, unawaitedCalls = [] } = result;
  const known = new Set(calls.map(({ callId }) => callId));
  const unmade: ExtensionCall[] = unawaitedCalls.filter(({ callId }) => !known.has(callId));
  return { ...result, state: mutated(given, stateMutations), views: viewCommands, calls: [...calls, ...unmade] };
}

/** Several segments of a handler as one: all their effects, and the end of the last. */
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
