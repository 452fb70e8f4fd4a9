import type { CallResult } from '../../api/answers.js';
import { answerTimers, firstDueMs, wakeAtMs } from '../../execution/own-calls.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import { clearTimeout, setTimeout } from '../../support/timers.js';
import { whenAborted } from '../../support/waiting.js';
import { notDue } from '../../suspension/suspension-results.js';
import type { RequestMock, Requests } from './requests.js';

/** Observes a handler that is resumed, and may know what its runtime answered before; for tests and recordings. */
export interface ResumeProbe {
  /** All answers of the segment as it was recorded, in order: the handler gets those of the runtime among them in place of new ones. */
  readonly recorded?: readonly CallResult[];
  /** Told all answers with which the handler is resumed. */
  onAnswers?(answers: readonly CallResult[]): void;
  /** Answers requests in place of the network. */
  readonly request?: RequestMock | undefined;
}

/** Whether the runtime has answers for the handler, now or later. */
export function hasOwnCalls(run: SuspendedRun): boolean {
  return wakeAtMs(run) !== undefined;
}

export interface OwnAnswersInputs {
  readonly suspensionId: string;
  readonly runId: string;
  readonly run: SuspendedRun;
  /** Answers of the caller to calls that wait. */
  readonly given: readonly CallResult[];
  readonly environment: RuntimeEnvironment;
  readonly requests: Requests;
  readonly probe: ResumeProbe;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number | undefined;
}

/**
 * The answers with which a suspended handler is resumed: those of the caller, and those of the runtime. Requests are made now.
 *
 * @returns none if the signal fired or the time was over before there was one
 * @throws NexusError INVALID_ARGUMENT if there is none yet
 */
export async function withOwnAnswers(inputs: OwnAnswersInputs): Promise<readonly CallResult[]> {
  const { suspensionId, run, given, environment, probe } = inputs;
  const { recorded, onAnswers } = probe;
  const answers = recorded === undefined ? await fresh(inputs) : repeated(run, given, recorded);
  const atMs = firstDueMs(run);
  if (answers.length === 0 && run.requests === undefined && atMs !== undefined && atMs > environment.now()) {
    throw notDue(suspensionId, atMs);
  }
  onAnswers?.(answers);
  return answers;
}

async function fresh(inputs: OwnAnswersInputs): Promise<readonly CallResult[]> {
  const { run, given, environment } = inputs;
  const due = () => answerTimers(run, environment.now()).map(({ answer }) => answer);
  // Timers first: they were due before these answers came.
  const before = due();
  if (run.requests === undefined) return [...before, ...given];
  const made = await madeRequests(inputs, before.length > 0);
  // One that became due meanwhile is why the other requests are no longer waited for.
  return [...before, ...given, ...made, ...due().slice(before.length)];
}

/** Waits until all requests are answered, a timer is due, or the caller waits no more. */
async function madeRequests(
  { run, runId, environment, requests, probe, signal, deadlineMs }: OwnAnswersInputs,
  isDue: boolean,
): Promise<readonly CallResult[]> {
  const releases: (() => void)[] = [];
  const until = new Promise<void>((resolve) => {
    if (isDue) resolve();
    const dueAtMs = firstDueMs(run);
    if (dueAtMs !== undefined) releases.push(environment.alarm(dueAtMs, resolve, false));
    releases.push(whenAborted(signal, resolve));
    if (deadlineMs !== undefined) {
      const timer = setTimeout(resolve, deadlineMs);
      releases.push(() => clearTimeout(timer));
    }
  });
  try {
    return await requests.answersOf({ run, runId, mock: probe.request }, until);
  } finally {
    for (const release of releases) release();
  }
}

/** The answers in their recorded order; those that were not recorded are last. */
function repeated(
  { timers = [], requests = [] }: SuspendedRun,
  given: readonly CallResult[],
  recorded: readonly CallResult[],
): readonly CallResult[] {
  const inTime = [...timers].sort((a, b) => a.dueAtMs - b.dueAtMs);
  const isTimer = new Set(inTime.map(({ callId }) => callId));
  const own = new Set([...requests, ...inTime].map(({ callId }) => callId));
  const left = new Map(given.map((answer) => [answer.callId, answer]));
  const inOrder = recorded.flatMap((answer): CallResult[] => {
    const ofCaller = left.get(answer.callId);
    if (ofCaller !== undefined) {
      left.delete(answer.callId);
      return [ofCaller];
    }
    // Another handler than the recorded one has other calls.
    const isOfTimer = answer.success && answer.value === undefined;
    const callId = own.has(answer.callId) ? answer.callId : [...own].find((each) => isTimer.has(each) === isOfTimer);
    if (callId === undefined) return [];
    own.delete(callId);
    return [{ ...answer, callId }];
  });
  return [...inOrder, ...left.values()];
}
