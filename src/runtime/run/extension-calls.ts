import type { CallResult } from '../../api/answers.js';
import type { ExtensionCall } from '../../api/result.js';
import { waitATurn } from '../../support/byte-slices.js';
import { SLICE_MS } from '../../support/slices.js';
import { clearTimeout, performance, setTimeout } from '../../support/timers.js';
import { withCall } from './current-call.js';
import { nameOf } from './extension-methods.js';

export interface ExtensionCallsOptions {
  /** Makes a call; it may throw. */
  readonly answer: (call: ExtensionCall) => Promise<unknown>;
  /** For one call. */
  readonly callTimeoutMs: number;
  /** What the keys of the calls begin with. */
  readonly runId: string;
  /** Ends all calls, and no other begins. */
  readonly stop: AbortSignal;
}

/** The calls of one run: begun once each, and their answers, until the handler has them. A handler may make thousands at once. */
export class ExtensionCalls {
  readonly #options: ExtensionCallsOptions;
  /** Under way, by call id. */
  readonly #begun = new Map<string, AbortController>();
  /** In the order in which they came, by call id. */
  readonly #answers = new Map<string, CallResult>();
  /** Told of each call that is answered. */
  #onAnswer: ((callId: string) => void) | undefined;

  constructor(options: ExtensionCallsOptions) {
    this.#options = options;
    options.stop.addEventListener('abort', () => void this.abort(options.stop.reason), { once: true });
  }

  /** Whether it is under way, or its answer is there. */
  has(callId: string): boolean {
    return this.#begun.has(callId) || this.#answers.has(callId);
  }

  /** Makes those that were not made before, in their order. Resolves when the last one is made. */
  async begin(calls: readonly ExtensionCall[]): Promise<void> {
    await forEachWithTurns(calls, (call) => {
      // An extension may itself have called the run off.
      if (!this.#options.stop.aborted && !this.has(call.callId)) this.#begin(call);
    });
  }

  /** Waits for the answer to one of the calls and takes all that are there then: none when the run was called off before. */
  async next(calls: readonly ExtensionCall[]): Promise<CallResult[]> {
    const waiting = new Set(calls.map(({ callId }) => callId));
    const isWaiting = ({ callId }: CallResult) => waiting.has(callId);
    if (![...this.#answers.values()].some(isWaiting)) await this.#until((callId) => waiting.has(callId));
    // Those that settled at the same time.
    await waitATurn();
    return [...this.#answers.values()].filter(isWaiting);
  }

  /** Waits until all of the calls are answered, or the run is called off. */
  async settled(calls: readonly ExtensionCall[]): Promise<void> {
    const left = new Set(calls.map(({ callId }) => callId).filter((callId) => this.#begun.has(callId)));
    if (left.size > 0) await this.#until((callId) => left.delete(callId) && left.size === 0);
  }

  /** The handler has these answers. */
  forget(answers: readonly CallResult[]): void {
    for (const { callId } of answers) this.#answers.delete(callId);
  }

  /** Ends the calls under way. Their extensions are told; whether they listen is not waited for. */
  async abort(reason: unknown): Promise<void> {
    await forEachWithTurns([...this.#begun], ([callId, controller]) => {
      // It may have been answered meanwhile.
      if (this.#begun.get(callId) === controller) controller.abort(reason);
    });
  }

  /** Waits for an answer that is the one, or for the last of those under way: calls that are called off have an answer, too. */
  async #until(isIt: (callId: string) => boolean): Promise<void> {
    if (this.#begun.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAnswer = (callId) => {
        if (!isIt(callId) && this.#begun.size > 0) return;
        this.#onAnswer = undefined;
        resolve();
      };
    });
  }

  #begin(call: ExtensionCall): void {
    const { callId } = call;
    const controller = new AbortController();
    this.#begun.set(callId, controller);
    void this.#answer(call, controller).then((answer) => {
      this.#begun.delete(callId);
      this.#answers.set(callId, answer);
      this.#onAnswer?.(callId);
    });
  }

  async #answer(call: ExtensionCall, controller: AbortController): Promise<CallResult> {
    const { answer, callTimeoutMs, runId } = this.#options;
    const { callId } = call;
    const timer = setTimeout(() => controller.abort(new CallTimeoutError(nameOf(call), callTimeoutMs)), callTimeoutMs);
    const { signal } = controller;
    try {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      // If the call fails at once, nothing else awaits this promise.
      aborted.catch(() => {});
      const answered = withCall({ key: `${runId}:${callId}`, signal }, () => answer(call));
      return { callId, success: true, value: await Promise.race([answered, aborted]) };
    } catch (error) {
      controller.abort(error);
      return { callId, success: false, error };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** With turns of the event loop in between where it takes long. What is used is the application's: it runs in the caller's own context. */
async function forEachWithTurns<T>(items: readonly T[], use: (item: T) => void): Promise<void> {
  let until = performance.now() + SLICE_MS;
  for (const item of items) {
    use(item);
    if (performance.now() < until) continue;
    await waitATurn();
    until = performance.now() + SLICE_MS;
  }
}

/** What a handler sees when its extension does not answer. */
class CallTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(name: string, callTimeoutMs: number) {
    super(`${name} did not answer within callTimeoutMs (${callTimeoutMs} ms)`);
  }
}
