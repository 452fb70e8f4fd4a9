import type { RecordedOutcome } from './recorded-outcomes.js';
import type { AnsweredCalls } from './sealed/outcome-shape.js';

/** The ids of the calls that answers are for. */
export function answeredCalls(
  answers: readonly { readonly callId: string }[],
  calls: readonly { readonly callId: string }[],
): AnsweredCalls {
  return { answered: answers.map(({ callId }) => callId), firstCall: calls[0]?.callId ?? '' };
}

/**
 * The ids of the calls whose answers an outcome did not come of.
 *
 * @param given one answer or several, as the caller gave them, unchecked
 */
export function unusedAnswers(given: unknown, { answers }: RecordedOutcome): readonly string[] {
  // It was cancelled, or recorded before outcomes said which answers they came of.
  if (answers === undefined) return [];
  const used = new Set(answers.answered);
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.map((answer) => callIdOf(answer) ?? answers.firstCall).filter((callId) => !used.has(callId));
}

function callIdOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('callId' in answer)) return undefined;
  return typeof answer.callId === 'string' ? answer.callId : undefined;
}
