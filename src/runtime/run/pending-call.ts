import type { CallResult } from '../../api/answers.js';
import type { CallContext } from '../../api/extension.js';

/** A call of an extension under way, and what `currentCall` returns meanwhile. Settled once. */
export class PendingCall implements CallContext {
  readonly key: string;
  readonly #callId: string;
  readonly #onAnswer: (answer: CallResult) => void;
  /** perf: created when somebody asks for its signal, because most extensions do not. */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #isSettled = false;

  /** @param onAnswer told the answer: of the extension, or that the call was aborted */
  constructor(key: string, callId: string, onAnswer: (answer: CallResult) => void) {
    this.key = key;
    this.#callId = callId;
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
    this.#settle({ callId: this.#callId, success: true, value });
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
    this.#settle({ callId: this.#callId, success: false, error: reason });
  }

  #settle(answer: CallResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#onAnswer(answer);
  }
}
