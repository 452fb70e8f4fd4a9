import type { ExecutionLimits } from '../api/limits.js';
import type { ExecutionMetrics } from '../api/observing/execution-metrics.js';
import { COUNTED_LIMITS } from '../guest/abi.js';
import { type KnownCalls, newCalls, writtenLogs } from './result/effects.js';
import type { ReadOutcome } from './result/outcome.js';

/** How much of the limits that continue the segments of an execution have used. */
export type Usage = Readonly<Record<(typeof COUNTED_LIMITS)[number], number>> & {
  /** Absent from what was sealed before they were limited. */
  readonly maxInstructions?: number;
  readonly maxCpuMs?: number;
};

export const NO_USAGE: Usage = {
  maxHostCalls: 0,
  maxStateMutations: 0,
  maxEvents: 0,
  maxViewCommands: 0,
  maxLogBytes: 0,
};

/**
 * Adds one segment, as counted on the host. The guest may report more host calls than there are effects.
 *
 * @param knownCalls ids of calls that were pending before the segment
 */
export function addUsage(
  used: Usage,
  outcome: ReadOutcome,
  { instructionCount, durationUs }: Pick<ExecutionMetrics, 'instructionCount' | 'durationUs'>,
  knownCalls?: KnownCalls,
): Usage {
  const { stateMutations, events, viewCommands, logs } = outcome;
  const calls = newCalls(outcome.calls, knownCalls).length;
  const effects = stateMutations.length + events.length + viewCommands.length + writtenLogs(logs) + calls;
  return {
    maxHostCalls: Math.max(used.maxHostCalls + effects, outcome.hostCalls),
    maxStateMutations: used.maxStateMutations + stateMutations.length,
    maxEvents: used.maxEvents + events.length,
    maxViewCommands: used.maxViewCommands + viewCommands.length,
    maxLogBytes:
      used.maxLogBytes +
      logs.reduce((sum, { message, omitted }) => sum + (omitted === undefined ? message.length : 0), 0),
    maxInstructions: (used.maxInstructions ?? 0) + instructionCount,
    maxCpuMs: (used.maxCpuMs ?? 0) + durationUs / 1000,
  };
}

/** What a segment may still use: the limits of the execution minus the previous usage. */
export function remainingLimits(limits: ExecutionLimits, used: Usage): ExecutionLimits {
  const remaining = { ...limits };
  for (const name of COUNTED_LIMITS) remaining[name] = Math.max(0, limits[name] - used[name]);
  return remaining;
}
