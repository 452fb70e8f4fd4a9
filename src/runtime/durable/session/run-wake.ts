import { firstDueMs } from '../../../execution/own-calls.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import { clearTimeout, setTimeout } from '../../../support/timers.js';
import { whenAborted } from '../../../support/waiting.js';
import type { HeldGeneration } from '../../../suspension/durable/durable-store.js';
import type { SessionParts } from './session-parts.js';

/** How soon messages of other processes are seen while this one makes calls. */
const LOOK_MS = 1_000;

/**
 * Wakes a session when its run may go on for another reason than an answer or a message.
 *
 * @returns ends the waiting
 */
export function wakeAt(
  { environment, closing }: SessionParts,
  { lost }: HeldGeneration,
  run: SuspendedRun,
  wake: () => void,
): () => void {
  const timer = setTimeout(wake, LOOK_MS);
  const releases = [() => clearTimeout(timer), ...[lost, closing].map((signal) => whenAborted(signal, wake))];
  const dueAtMs = firstDueMs(run);
  if (dueAtMs !== undefined) releases.push(environment.alarm(dueAtMs, wake, false));
  return () => {
    for (const release of releases) release();
  };
}
