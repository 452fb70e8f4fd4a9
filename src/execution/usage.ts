import type { ExecutionLimits } from '../api/limits.js';
import { COUNTED_LIMITS } from '../guest/abi.js';
import { newCalls, writtenLogs } from './result/effects.js';
import type { ReadOutcome } from './result/outcome.js';

/** What the segments of an execution have used of its counted limits. */
export type Usage = Readonly<Record<(typeof COUNTED_LIMITS)[number], number>>;

export const NO_USAGE: Usage = {
  maxHostCalls: 0,
  maxStateMutations: 0,
  maxEvents: 0,
  maxViewCommands: 0,
  maxLogBytes: 0,
};

/**
 * After one more segment, counted on the host. Of host calls the guest may know of more than their effects show.
 *
 * @param knownCalls ids of calls that waited before the segment
 */
export function addUsage(used: Usage, outcome: ReadOutcome, knownCalls?: ReadonlySet<string>): Usage {
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
  };
}

/** What a segment may use: the limits of the execution without what was used before. */
export function remainingLimits(limits: ExecutionLimits, used: Usage): ExecutionLimits {
  const counted = COUNTED_LIMITS.map((name) => [name, Math.max(0, limits[name] - used[name])]);
  return { ...limits, ...Object.fromEntries(counted) };
}
