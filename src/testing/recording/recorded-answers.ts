import type { AsyncResult } from '../../api/answers.js';
import { invalidArgument } from '../../config/check.js';

/** An answer that is an error, see {@link failure}. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Converts an item of {@link answers} to the runtime's form. */
export function asAnswer(answer: unknown): AsyncResult {
  return answer instanceof Failure ? { success: false, error: answer.error } : { success: true, value: answer };
}

/** Answers in order, see {@link answers}. */
export class RecordedAnswers {
  readonly list: readonly unknown[];

  constructor(list: readonly unknown[]) {
    this.list = list;
  }
}

/**
 * Answers of a mock, one for each call, in order. A further call fails the test. Every run of a handler
 * starts with the first.
 *
 * @param list values, and {@link failure} for an error
 * @throws NexusError INVALID_ARGUMENT
 */
export function answers(list: readonly unknown[]): RecordedAnswers {
  if (!Array.isArray(list)) throw invalidArgument('answers', list, 'a list of values');
  return new RecordedAnswers([...list]);
}

/**
 * An item of {@link answers}: the handler gets this error at its `await`. @param error an Error, or the
 * message of one
 */
export function failure(error: unknown): Failure {
  return new Failure(error);
}
