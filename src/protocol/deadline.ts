import { limitContext } from './limit-failures.js';
import type { CallDeadline, ExecutionFailure } from './messages.js';

/** The phase in which a call's deadline passed: the layer that stopped the handler, or where it waited. */
export type DeadlineLayer = 'interrupt' | 'jobs' | 'watchdog' | 'queue' | 'compile';

/** The error of a call that took longer than its `deadlineMs`, in any phase. */
export function deadlineFailure({ ms }: Pick<CallDeadline, 'ms'>, layer: DeadlineLayer): ExecutionFailure {
  const at = layer === 'queue' ? 'waiting for a worker' : layer === 'compile' ? 'compiling' : 'executing';
  return {
    code: 'TIMEOUT',
    message: `The call took longer than deadlineMs (${ms} ms), and was ${at}.`,
    context: { ...limitContext('deadlineMs', ms), layer },
  };
}
