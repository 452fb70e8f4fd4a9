import { isDeepStrictEqual } from 'node:util';

import type { CallResult } from '../../api/answers.js';
import type { ExtensionCall } from '../../api/result.js';
import type { Recording } from './recording.js';

interface Entry {
  /** The segment that was resumed with it, from 1. */
  readonly segment: number;
  readonly call: ExtensionCall;
  readonly answer: CallResult;
}

/** Returns recorded answers: to the same calls or, for a changed handler, to the most similar calls. */
export class AnswerBook {
  readonly #left: Entry[] = [];

  constructor({ segments, calls }: Recording) {
    const byId = new Map(calls.map((call) => [call.callId, call]));
    for (const [segment, { answers }] of segments.entries()) {
      for (const answer of answers) {
        const call = byId.get(answer.callId);
        if (call !== undefined) this.#left.push({ segment, call, answer });
      }
    }
  }

  /** Calls whose answers were not used. */
  get unused(): readonly ExtensionCall[] {
    return this.#left.map(({ call }) => call);
  }

  /**
   * Returns answers to some of the pending calls: those with which the handler was resumed at the same point
   * if it makes the same calls there, otherwise any.
   *
   * @param segment the segment that they are for, from 1
   */
  take(waiting: readonly ExtensionCall[], segment: number): CallResult[] {
    const inTime = this.#takeFrom(waiting, (entry) => entry.segment === segment);
    return inTime.length > 0 ? inTime : this.#takeFrom(waiting, () => true);
  }

  #takeFrom(waiting: readonly ExtensionCall[], isOpen: (entry: Entry) => boolean): CallResult[] {
    const order = [...this.#left];
    const taken = waiting.flatMap((call): [entry: Entry, answer: CallResult][] => {
      const entry = this.#find(call, isOpen);
      if (entry === undefined) return [];
      this.#left.splice(this.#left.indexOf(entry), 1);
      return [[entry, { ...entry.answer, callId: call.callId }]];
    });
    // In the recorded order: of two answers that arrive together, the first decides a race.
    return taken.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([, answer]) => answer);
  }

  /**
   * The same call, one of the same method with the same arguments, or one of the same method; the earliest of
   * each kind.
   */
  #find(call: ExtensionCall, isOpen: (entry: Entry) => boolean): Entry | undefined {
    const ofMethod = this.#left.filter((entry) => isOpen(entry) && isSameMethod(entry.call, call));
    const alike = ofMethod.filter((entry) => isDeepStrictEqual(entry.call.args, call.args));
    return alike.find((entry) => entry.call.callId === call.callId) ?? alike[0] ?? ofMethod[0];
  }
}

/** The answers of a segment in their recorded order; `answers` are in place of those to the application's calls. */
export function recordedAnswers(
  { segments, calls }: Recording,
  segment: number,
  answers: readonly CallResult[],
): readonly CallResult[] {
  const isOfApplication = new Set(calls.map(({ callId }) => callId));
  const given = [...answers];
  const inOrder = (segments[segment]?.answers ?? []).flatMap((answer) =>
    isOfApplication.has(answer.callId) ? given.splice(0, 1) : [answer],
  );
  return [...inOrder, ...given];
}

function isSameMethod(a: ExtensionCall, b: ExtensionCall): boolean {
  return a.extensionName === b.extensionName && a.method === b.method;
}
