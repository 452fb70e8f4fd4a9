import type { WasmResult } from '../api/result.js';
import { invalidArgument } from '../config/check.js';
import { checkShape } from '../execution/request/execute-options.js';

/** The most that a handler may use. Omitted limits are not checked. */
export interface LimitExpectations {
  /**
   * Instructions of the engine, calls and jumps back: a measure of cost that is the same on every machine.
   */
  readonly maxInstructions?: number;
  /**
   * Time in the VM, in milliseconds. It varies with the machine and its load: leave much room, or use
   * `maxInstructions`.
   */
  readonly maxDurationMs?: number;
  /** Heap of the VM beyond its image, in bytes, when the handler ended or waited: the maximum of all segments. */
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
 * @throws AssertionError of `node:assert`, listing all exceeded limits
 * @throws NexusError INVALID_ARGUMENT for an unknown limit, or one that is not a number
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
  // Loading it would be part of every process's start, and few tests fail.
  const { AssertionError } = process.getBuiltinModule('node:assert');
  throw new AssertionError({
    message: `The handler used more than it may:\n${exceeded.join('\n')}`,
    actual,
    expected,
    operator: 'expectLimits',
    stackStartFn: expectLimits,
  });
}
