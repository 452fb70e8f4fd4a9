import type { CallResult } from '../../api/answers.js';
import type { ExtensionCall } from '../../api/result.js';
import { isOwnCall } from '../../execution/own-call-kinds.js';
import { waitATurn } from '../../support/byte-slices.js';
import { SLICE_MS } from '../../support/slices.js';
import { clearTimeout, performance, setTimeout } from '../../support/timers.js';
import { withCall } from './current-call.js';
import { nameOf } from './extension-methods.js';

export interface ExtensionCallsOptions {
  /** Makes a call; it may throw. */
  readonly answer: (call: ExtensionCall, signal: AbortSignal) => Promise<unknown>;
  /** Timeout of one call. */
  readonly callTimeoutMs: number;
  /** The prefix of the calls' keys. */
  readonly runId: string;
  /** Aborts all calls and prevents further ones. */
  readonly stop: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An answer, and when it arrived, in milliseconds since the epoch. */
export interface ArrivedAnswer {
  readonly answer: CallResult;
  readonly atMs: number;
}

/**
 * The extension calls of one run. Each is made once, and its answer is kept until the handler gets it. A
 * handler may make thousands of calls at once.
 */
export class ExtensionCalls {
  readonly #options: ExtensionCallsOptions;
  /** Pending calls, by call id. */
  readonly #begun = new Map<string, AbortController>();
  /** Answers in the order of their arrival, by call id. */
  readonly #answers = new Map<string, ArrivedAnswer>();
  /** Called with each call that is answered. */
  #onAnswer: ((callId: string) => void) | undefined;

  constructor(options: ExtensionCallsOptions) {
    this.#options = options;
    options.stop.addEventListener('abort', () => void this.abort(options.stop.reason), { once: true });
  }

  /** Whether the call is pending or its answer has arrived. */
  has(callId: string): boolean {
    return this.#begun.has(callId) || this.#answers.has(callId);
  }

  /** Makes the calls that were not made before, in order. Resolves when the last one is made. */
  async begin(calls: readonly ExtensionCall[]): Promise<void> {
    await forEachWithTurns(calls, (call) => {
      // An extension may have cancelled the run.
      if (!this.#options.stop.aborted && !this.has(call.callId)) this.#begin(call);
    });
  }

  /**
   * Waits until one of the calls is answered and takes all answers that have arrived; none if the run was
   * cancelled before, or the alarm rang.
   */
  async next(calls: readonly ExtensionCall[], alarm?: Promise<void>): Promise<ArrivedAnswer[]> {
    const waiting = new Set(calls.map(({ callId }) => callId));
    const isWaiting = ({ answer }: ArrivedAnswer) => waiting.has(answer.callId);
    if (![...this.#answers.values()].some(isWaiting)) await this.#until((callId) => waiting.has(callId), alarm);
    // Includes answers that arrived at the same time.
    await waitATurn();
    return [...this.#answers.values()].filter(isWaiting);
  }

  /** The handler has these answers. */
  forget(answers: readonly CallResult[]): void {
    for (const { callId } of answers) this.#answers.delete(callId);
  }

  /** Ends the calls under way but for these: nothing waits for their answers. */
  async abandonOthers(calls: readonly ExtensionCall[], reason: unknown): Promise<void> {
    if (this.#begun.size === 0) return;
    const waiting = new Set(calls.map(({ callId }) => callId));
    const others = [...this.#begun.keys()].filter((callId) => !waiting.has(callId));
    await forEachWithTurns(others, (callId) => this.#begun.get(callId)?.abort(reason));
  }

  /** Ends the calls under way. Their extensions are told; whether they listen is not waited for. */
  async abort(reason: unknown): Promise<void> {
    await forEachWithTurns([...this.#begun], ([callId, controller]) => {
      // It may have been answered meanwhile.
      if (this.#begun.get(callId) === controller) controller.abort(reason);
    });
  }

  /** Waits for a matching answer, or for the last pending call. Cancelled calls also have an answer. */
  async #until(isIt: (callId: string) => boolean, alarm: Promise<void> | undefined): Promise<void> {
    if (this.#begun.size === 0) {
      await alarm;
      return;
    }
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#onAnswer = undefined;
        resolve();
      };
      this.#onAnswer = (callId) => {
        if (isIt(callId) || (this.#begun.size === 0 && alarm === undefined)) end();
      };
      void alarm?.then(end);
    });
  }

  #begin(call: ExtensionCall): void {
    const { callId } = call;
    const controller = new AbortController();
    this.#begun.set(callId, controller);
    void this.#answer(call, controller).then((answer) => {
      this.#begun.delete(callId);
      this.#answers.set(callId, { answer, atMs: this.#options.now() });
      this.#onAnswer?.(callId);
    });
  }

  async #answer(call: ExtensionCall, controller: AbortController): Promise<CallResult> {
    const { answer, callTimeoutMs, runId } = this.#options;
    const { callId } = call;
    const late = () => controller.abort(new CallTimeoutError(nameOf(call), callTimeoutMs));
    // Requests have a time-out of their own.
    const timer = isOwnCall(call) ? undefined : setTimeout(late, callTimeoutMs);
    const { signal } = controller;
    try {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      // If the call fails at once, nothing else awaits this promise.
      aborted.catch(() => {});
      const answered = withCall({ key: `${runId}:${callId}`, signal }, () => answer(call, signal));
      return { callId, success: true, value: await Promise.race([answered, aborted]) };
    } catch (error) {
      controller.abort(error);
      return { callId, success: false, error };
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Calls `use` for each item, with turns of the event loop in between if it takes long. `use` calls code of
 * the application, so it runs in the caller's async context.
 */
async function forEachWithTurns<T>(items: readonly T[], use: (item: T) => void): Promise<void> {
  let until = performance.now() + SLICE_MS;
  for (const item of items) {
    use(item);
    if (performance.now() < until) continue;
    await waitATurn();
    until = performance.now() + SLICE_MS;
  }
}

/** The error that a handler gets if its extension does not answer. */
class CallTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(name: string, callTimeoutMs: number) {
    super(`${name} did not answer within callTimeoutMs (${callTimeoutMs} ms)`);
  }
}
