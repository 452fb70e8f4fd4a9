import { callNumber, type SuspendedRun } from '../execution/suspended-run.js';
import type { RecordedOutcome } from './recorded-outcomes.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';
import type { CurrentSuspension, GivenAnswers } from './suspension-results.js';

/** The ids of the calls that answers are for. */
export function answeredCalls(
  answers: readonly { readonly callId: string }[],
  calls: readonly { readonly callId: string }[],
): AnsweredCalls {
  return { answered: answers.map(({ callId }) => callId), firstCall: calls[0]?.callId ?? '' };
}

/**
 * Compares answers with those that an outcome came of.
 *
 * @param given one answer or several, as the caller gave them, unchecked
 */
export function compareAnswers(given: unknown, { answers }: RecordedOutcome): GivenAnswers {
  // It was cancelled, or recorded before outcomes said which answers they came of.
  if (answers === undefined) return { given: [], unused: [] };
  const used = new Set(answers.answered);
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const ids = list.map((answer) => callIdOf(answer) ?? answers.firstCall);
  return { given: ids, unused: ids.filter((callId) => !used.has(callId)) };
}

/** Where a run waits, by what its summary says. */
export function currentSuspension(
  id: string,
  { calls, callCount }: Readonly<Record<string, unknown>>,
): CurrentSuspension {
  const ids = new Set(Array.isArray(calls) ? calls.map(callIdOf) : []);
  // A long list is cut.
  const isWhole = Array.isArray(calls) && calls.length === callCount;
  return { id, waitsFor: (callId) => !isWhole || ids.has(callId) };
}

/** The ids of the calls that a caller answers, as far as it names them. */
export function callIdsOf(given: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.map(callIdOf).filter((callId) => callId !== undefined);
}

/**
 * The ids of the calls that answers come too late for: the handler made them and waits for them no more, because they have another
 * answer or because it has ended.
 *
 * @param given one answer or several, as the caller gave them, unchecked
 */
export function lateAnswers(given: unknown, { calls, lastCall = 0 }: SuspendedRun): readonly string[] {
  const waiting = new Set(calls.map(({ callId }) => callId));
  return callIdsOf(given).filter(
    (callId) => !waiting.has(callId) && CALL_ID.test(callId) && callNumber(callId) <= lastCall,
  );
}

const CALL_ID = /^c[1-9]\d{0,14}$/;

function callIdOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('callId' in answer)) return undefined;
  return typeof answer.callId === 'string' ? answer.callId : undefined;
}
