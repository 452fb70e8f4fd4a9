import { MAX_TIMER_MS } from '../config/limits.js';
import { fromWireError } from '../errors/wire.js';
import { decodeReply, type Reply } from './protocol.js';
import type { RunningTask } from './thread-pool.js';

/** Why a worker was ended. */
export type Interruption = 'watchdog' | 'cancelled';

/** How often a task that has not begun is looked at again: its worker is still starting. */
const START_POLL_MS = 50;

export interface WatchedTask {
  readonly reply: Promise<Reply>;
  /** Set once the watchdog or the caller has had the worker ended. */
  reason(): Interruption | undefined;
}

/**
 * Ends the worker of a task that outlives its time, counted from when the worker began it, or whose caller gives up.
 *
 * @throws (in `reply`) what the worker says went wrong, WorkerTerminated, WorkerCrashed
 */
export function watch(task: RunningTask, limitMs: number, signal?: AbortSignal): WatchedTask {
  let reason: Interruption | undefined;
  const kill = (why: Interruption) => {
    reason ??= why;
    task.kill();
  };
  const look = () => {
    const runningMs = task.runningMs();
    if (runningMs === undefined) timer = setTimeout(look, START_POLL_MS);
    else if (runningMs >= limitMs) kill('watchdog');
    else timer = setTimeout(look, Math.min(limitMs - runningMs, MAX_TIMER_MS));
  };
  let timer = setTimeout(look, Math.min(limitMs, MAX_TIMER_MS));
  const onAbort = () => kill('cancelled');
  signal?.addEventListener('abort', onAbort, { once: true });
  const reply = task.reply
    .finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    })
    .then((message): Reply => {
      const decoded = decodeReply(message);
      if (decoded.kind === 'failed') throw fromWireError(decoded.error);
      return decoded;
    });
  return { reply, reason: () => reason };
}
