import { limitContext } from './limit-failures.js';
import type { CallDeadline, ExecutionFailure } from './messages.js';

/** What a call was at when its time was over: what stopped the handler, or where it waited instead. */
export type DeadlineLayer = 'interrupt' | 'jobs' | 'watchdog' | 'queue' | 'compile';

/** A call that took longer than its `deadlineMs`, whatever it was at. */
export function deadlineFailure({ ms }: Pick<CallDeadline, 'ms'>, layer: DeadlineLayer): ExecutionFailure {
  const at = layer === 'queue' ? 'waiting for a worker' : layer === 'compile' ? 'compiling' : 'executing';
  return {
    code: 'TIMEOUT',
    message: `The call took longer than deadlineMs (${ms} ms), and was ${at}.`,
    context: { ...limitContext('deadlineMs', ms), layer },
  };
}
