import type { CallResult } from '../api/answers.js';
import { answerTimers, firstDueMs } from '../execution/own-calls.js';
import type { SuspendedRun } from '../execution/suspended-run.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { notDue } from '../suspension/suspension-results.js';

/** Observes a handler that is resumed, and may know what its runtime answered before; for recordings. */
export interface ResumeProbe {
  /** All answers of the segment as it was recorded, in order: the handler gets those of the runtime among them in place of new ones. */
  readonly recorded?: readonly CallResult[];
  /** Told all answers with which the handler is resumed. */
  onAnswers?(answers: readonly CallResult[]): void;
}

/** Whether the runtime has answers for the handler, now or later. */
export function hasOwnCalls(run: SuspendedRun): boolean {
  return firstDueMs(run) !== undefined;
}

/**
 * The answers with which a suspended handler is resumed: those of the caller, and those of the runtime.
 *
 * @param given answers of the caller to calls that wait
 * @throws NexusError INVALID_ARGUMENT if there is none
 */
export function withOwnAnswers(
  suspensionId: string,
  run: SuspendedRun,
  given: readonly CallResult[],
  environment: RuntimeEnvironment,
  { recorded, onAnswers }: ResumeProbe,
): readonly CallResult[] {
  // Timers first: they were due before these answers came.
  const answers =
    recorded === undefined
      ? [...answerTimers(run, environment.now()).map(({ answer }) => answer), ...given]
      : repeated(run, given, recorded);
  const wakeAtMs = firstDueMs(run);
  if (answers.length === 0 && wakeAtMs !== undefined) throw notDue(suspensionId, wakeAtMs);
  onAnswers?.(answers);
  return answers;
}

/** The answers in their recorded order; those that were not recorded are last. */
function repeated(
  { timers = [] }: SuspendedRun,
  given: readonly CallResult[],
  recorded: readonly CallResult[],
): readonly CallResult[] {
  const own = new Set([...timers].sort((a, b) => a.dueAtMs - b.dueAtMs).map(({ callId }) => callId));
  const left = new Map(given.map((answer) => [answer.callId, answer]));
  const inOrder = recorded.flatMap((answer): CallResult[] => {
    const ofCaller = left.get(answer.callId);
    if (ofCaller !== undefined) {
      left.delete(answer.callId);
      return [ofCaller];
    }
    // Another handler than the recorded one has other calls.
    const callId = own.has(answer.callId) ? answer.callId : [...own][0];
    if (callId === undefined) return [];
    own.delete(callId);
    return [{ ...answer, callId }];
  });
  return [...inOrder, ...left.values()];
}
