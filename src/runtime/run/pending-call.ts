import type { CallResult } from '../../api/answers.js';
import type { CallContext } from '../../api/extension.js';
import type { ExtensionCall } from '../../api/result.js';

/** Told the answer of a call, once: of the extension, or that the call was aborted. */
export type AnswerListener = (answer: CallResult) => void;

/** A call of an extension under way, and what `currentCall` returns meanwhile. Settled once. */
export class PendingCall implements CallContext {
  readonly key: string;
  readonly call: ExtensionCall;
  /** When it is aborted, on the clock of `performance.now()`. */
  readonly dueAt: number;
  readonly #onAnswer: AnswerListener;
  /** perf: created when somebody asks for its signal, because most extensions do not. */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #isSettled = false;

  /** @param onAnswer perf: the same one for all calls of a run */
  constructor(key: string, call: ExtensionCall, dueAt: number, onAnswer: AnswerListener) {
    this.key = key;
    this.call = call;
    this.dueAt = dueAt;
    this.#onAnswer = onAnswer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  succeed(value: unknown): void {
    this.#settle({ callId: this.call.callId, success: true, value });
  }

  /** The extension failed: what it has begun beside is told. */
  fail(error: unknown): void {
    this.abort(error);
  }

  /** Tells the extension, if it asks, and settles the call. */
  abort(reason: unknown): void {
    if (this.#isSettled || this.#aborted !== undefined) return;
    this.#aborted = { reason };
    this.#controller?.abort(reason);
    this.#settle({ callId: this.call.callId, success: false, error: reason });
  }

  #settle(answer: CallResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#onAnswer(answer);
  }
}
