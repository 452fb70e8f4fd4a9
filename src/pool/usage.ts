import { COUNTED_LIMITS, type ExecutionLimits } from '../config/limits.js';
import type { ReadOutcome } from './outcome.js';

/** What the segments of an execution have used of its counted limits. */
export type Usage = Readonly<Record<(typeof COUNTED_LIMITS)[number], number>>;

export const NO_USAGE: Usage = {
  maxHostCalls: 0,
  maxStateMutations: 0,
  maxEvents: 0,
  maxViewCommands: 0,
  maxLogBytes: 0,
};

/** After one more segment, counted on the host. Of host calls the guest may know of more than their effects show. */
export function addUsage(used: Usage, outcome: ReadOutcome): Usage {
  const { stateMutations, events, viewCommands, logs, calls } = outcome;
  const effects = stateMutations.length + events.length + viewCommands.length + logs.length + calls.length;
  return {
    maxHostCalls: Math.max(used.maxHostCalls + effects, outcome.hostCalls),
    maxStateMutations: used.maxStateMutations + stateMutations.length,
    maxEvents: used.maxEvents + events.length,
    maxViewCommands: used.maxViewCommands + viewCommands.length,
    maxLogBytes: used.maxLogBytes + logs.reduce((sum, { message }) => sum + message.length, 0),
  };
}

/** What a segment may use: the limits of the execution without what was used before. */
export function remainingLimits(limits: ExecutionLimits, used: Usage): ExecutionLimits {
  const counted = COUNTED_LIMITS.map((name) => [name, Math.max(0, limits[name] - used[name])]);
  return { ...limits, ...Object.fromEntries(counted) };
}
