import type { WasmResult } from '../api/result.js';
import { invalidArgument } from '../config/check.js';
import { checkShape } from '../execution/request/execute-options.js';

/** What a handler may use at most. What is left out is not looked at. */
export interface LimitExpectations {
  /**
   * Steps of the engine, counted in tens of thousands: what a handler costs, by a measure that is nearly the same on every machine. One
   * that ran for less than some 100 µs has 0.
   */
  readonly maxInstructions?: number;
  /** In the VM, in milliseconds. It varies with the machine and what else it does: leave much room, or use `maxInstructions`. */
  readonly maxDurationMs?: number;
  /** Of the VM's heap, beyond its image, when the handler ended or last waited: the most of all segments, in bytes. */
  readonly maxMemoryBytes?: number;
  /** Effects of all kinds. */
  readonly maxHostCalls?: number;
  readonly maxMutations?: number;
  readonly maxEvents?: number;
  readonly maxViews?: number;
  readonly maxLogs?: number;
}

type Measures = { readonly [K in keyof Required<LimitExpectations>]: (result: WasmResult) => number };

const MEASURES: Measures = {
  maxInstructions: ({ metrics }) => metrics.instructionCount,
  maxDurationMs: ({ metrics }) => metrics.durationUs / 1000,
  maxMemoryBytes: ({ metrics }) => metrics.memoryUsedBytes,
  maxHostCalls: ({ metrics }) => metrics.hostCalls,
  maxMutations: ({ stateMutations }) => stateMutations.length,
  maxEvents: ({ events }) => events.length,
  maxViews: ({ viewCommands }) => viewCommands.length,
  maxLogs: ({ logs }) => logs.length,
};

/**
 * Asserts that a handler used no more than this.
 *
 * @throws AssertionError of `node:assert`, with all that it used more of
 * @throws NexusError INVALID_ARGUMENT for an unknown limit, or one that is no number
 */
export function expectLimits(result: WasmResult, expected: LimitExpectations): void {
  checkShape('expected', expected, MEASURES);
  const actual: Record<string, number> = {};
  const exceeded: string[] = [];
  for (const [name, most] of Object.entries(expected) as [keyof LimitExpectations, unknown][]) {
    if (most === undefined) continue;
    if (typeof most !== 'number' || Number.isNaN(most)) throw invalidArgument(`expected.${name}`, most, 'a number');
    const used = MEASURES[name](result);
    actual[name] = used;
    if (used > most) exceeded.push(`  ${name}: at most ${most}, it used ${used}`);
  }
  if (exceeded.length === 0) return;
  // Loading it is a part of every process's start, and few tests fail.
  const { AssertionError } = process.getBuiltinModule('node:assert');
  throw new AssertionError({
    message: `The handler used more than it may:\n${exceeded.join('\n')}`,
    actual,
    expected,
    operator: 'expectLimits',
    stackStartFn: expectLimits,
  });
}
