import type { CallResult } from '../../api/answers.js';
import type { CallContext } from '../../api/extension.js';
import type { ExtensionCall } from '../../api/result.js';
import { callName, isOwnCall } from '../../execution/own-call-kinds.js';
import { waitATurn } from '../../support/bytes/byte-slices.js';
import { SLICE_MS } from '../../support/slices.js';
import { clearTimeout, performance, setTimeout } from '../../support/timers.js';
import { whenAborted } from '../../support/waiting.js';
import { later } from '../durable/later.js';
import { withCall } from './current-call.js';
import { PendingCall } from './pending-call.js';

export interface ExtensionCallsOptions {
  /** Makes a call; it may throw, or return a promise. */
  readonly answer: (call: ExtensionCall, context: CallContext) => unknown;
  /** Told each error with which an answer failed, even if that is too late. */
  readonly onError: (error: unknown) => void;
  /** Timeout of one call. */
  readonly callTimeoutMs: number;
  /** The prefix of the calls' keys. */
  readonly runId: string;
  /** Aborts all calls and prevents further ones. */
  readonly stop: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether a method may return `later`. */
  readonly mayBeLater: boolean;
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
  /** Pending calls in the order in which they were made, by call id. */
  readonly #begun = new Map<string, PendingCall>();
  /** Answers in the order of their arrival, by call id. */
  readonly #answers = new Map<string, ArrivedAnswer>();
  /** Ids of calls whose answers come from elsewhere. */
  readonly #later = new Set<string>();
  /** Called with each call that is answered. */
  #onAnswer: ((callId: string) => void) | undefined;
  /** Called when a call turns out to be answered from elsewhere. */
  #onLater: (() => void) | undefined;
  /** perf: one for all calls, which rings when the first of them may be overdue. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ExtensionCallsOptions) {
    this.#options = options;
    whenAborted(options.stop, () => void this.abort(options.stop.reason));
  }

  /** Whether the call is pending or its answer has arrived. */
  has(callId: string): boolean {
    return this.#begun.has(callId) || this.#answers.has(callId) || this.#later.has(callId);
  }

  /** Ids of calls that were made, and whose answers come from elsewhere, if nothing else is under way. */
  get onlyLater(): ReadonlySet<string> | undefined {
    return this.#later.size > 0 && this.#begun.size === 0 && this.#answers.size === 0 ? this.#later : undefined;
  }

  /**
   * Makes the calls that were not made before, in order.
   *
   * @returns a promise if that takes long, which resolves when the last one is made
   */
  begin(calls: readonly ExtensionCall[]): Promise<void> | undefined {
    return forEachWithTurns(calls, (call) => {
      // An extension may have cancelled the run.
      if (!this.#options.stop.aborted && !this.has(call.callId)) this.#begin(call);
    });
  }

  /**
   * Takes all answers that have arrived, as soon as one of the calls is answered; none if the run was
   * cancelled before, or the alarm rang.
   *
   * @returns a promise if there is something to wait for
   */
  next(calls: readonly ExtensionCall[], alarm?: Promise<void>): Promise<ArrivedAnswer[]> | ArrivedAnswer[] {
    const [first] = calls;
    if (first === undefined || calls.length > 1 || alarm !== undefined) return this.#nextOf(calls, alarm);
    return this.#answerOf(first.callId);
  }

  /** perf: most handlers wait for one call, which takes one promise. */
  #answerOf(callId: string): Promise<ArrivedAnswer[]> | ArrivedAnswer[] {
    const arrived = () => {
      const answer = this.#answers.get(callId);
      return answer === undefined ? [] : [answer];
    };
    if (this.#answers.has(callId) || this.#begun.size === 0) return arrived();
    return new Promise((resolve) => {
      const end = (answered?: string) => {
        if (answered !== callId && this.#begun.size > 0) return;
        this.#onAnswer = undefined;
        this.#onLater = undefined;
        resolve(arrived());
      };
      this.#onAnswer = end;
      this.#onLater = end;
    });
  }

  async #nextOf(calls: readonly ExtensionCall[], alarm: Promise<void> | undefined): Promise<ArrivedAnswer[]> {
    const waiting = new Set(calls.map(({ callId }) => callId));
    if (!this.#hasAnyOf(waiting)) await this.#until((callId) => waiting.has(callId), alarm);
    // Includes answers that arrive at the same time.
    if (!this.#hasAllOf(waiting)) await waitATurn();
    return [...this.#answers.values()].filter(({ answer }) => waiting.has(answer.callId));
  }

  #hasAnyOf(callIds: ReadonlySet<string>): boolean {
    for (const callId of this.#answers.keys()) if (callIds.has(callId)) return true;
    return false;
  }

  #hasAllOf(callIds: ReadonlySet<string>): boolean {
    for (const callId of callIds) if (!this.#answers.has(callId)) return false;
    return true;
  }

  /** The handler has these answers. */
  forget(answers: readonly CallResult[]): void {
    for (const { callId } of answers) this.#answers.delete(callId);
  }

  /** Ends the calls under way but for these: nothing waits for their answers. @returns a promise if that takes long */
  abandonOthers(calls: readonly ExtensionCall[], reason: unknown): Promise<void> | undefined {
    if (this.#begun.size === 0 && this.#later.size === 0) return undefined;
    const waiting = new Set(calls.map(({ callId }) => callId));
    for (const callId of [...this.#later]) if (!waiting.has(callId)) this.#later.delete(callId);
    const others = [...this.#begun.keys()].filter((callId) => !waiting.has(callId));
    return forEachWithTurns(others, (callId) => this.#begun.get(callId)?.abort(reason));
  }

  /** Ends the calls under way. Their extensions are told; whether they listen is not waited for. */
  async abort(reason: unknown): Promise<void> {
    clearTimeout(this.#timer);
    await forEachWithTurns([...this.#begun], ([callId, pending]) => {
      // It may have been answered meanwhile.
      if (this.#begun.get(callId) === pending) pending.abort(reason);
    });
  }

  /** Waits for a matching answer, or for the last pending call. Cancelled calls also have an answer. */
  async #until(isIt: (callId: string) => boolean, alarm: Promise<void> | undefined): Promise<void> {
    if (this.#begun.size === 0) {
      if (this.#later.size === 0) await alarm;
      return;
    }
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#onAnswer = undefined;
        this.#onLater = undefined;
        resolve();
      };
      this.#onLater = () => {
        if (this.#begun.size === 0) end();
      };
      this.#onAnswer = (callId) => {
        if (isIt(callId) || (this.#begun.size === 0 && (alarm === undefined || this.#later.size > 0))) end();
      };
      void alarm?.then(end);
    });
  }

  #begin(call: ExtensionCall): void {
    const { callTimeoutMs, runId } = this.#options;
    // Requests have a time-out of their own.
    const dueAt = isOwnCall(call) ? Number.POSITIVE_INFINITY : performance.now() + callTimeoutMs;
    const pending = new PendingCall(`${runId}:${call.callId}`, call, dueAt, this.#settle);
    this.#begun.set(call.callId, pending);
    if (Number.isFinite(dueAt)) this.#timer ??= setTimeout(this.#endOverdue, callTimeoutMs);
    withCall(pending, this.#answer, pending);
  }

  /** Its promise is looked at in here, because `then` of what an extension returns may be the extension's code. */
  readonly #answer = (pending: PendingCall): void => {
    const fail = (error: unknown) => {
      this.#options.onError(error);
      pending.fail(error);
    };
    try {
      const given = this.#options.answer(pending.call, pending);
      Promise.resolve(given).then((value) => this.#succeed(pending, value), fail);
    } catch (error) {
      fail(error);
    }
  };

  #succeed(pending: PendingCall, value: unknown): void {
    const { callId } = pending.call;
    if (value !== later || !this.#options.mayBeLater || this.#begun.get(callId) !== pending) {
      pending.succeed(value);
      return;
    }
    this.#begun.delete(callId);
    this.#later.add(callId);
    this.#onLater?.();
  }

  readonly #settle = (answer: CallResult): void => {
    const { callId } = answer;
    this.#begun.delete(callId);
    this.#answers.set(callId, { answer, atMs: this.#options.now() });
    this.#onAnswer?.(callId);
  };

  /** Aborts calls that took too long, and is called again when the next one may have. */
  readonly #endOverdue = (): void => {
    this.#timer = undefined;
    const { callTimeoutMs } = this.#options;
    const now = performance.now();
    for (const pending of [...this.#begun.values()]) {
      const { call, dueAt } = pending;
      if (!Number.isFinite(dueAt)) continue;
      if (dueAt > now) {
        this.#timer = setTimeout(this.#endOverdue, Math.ceil(dueAt - now));
        return;
      }
      pending.abort(new CallTimeoutError(callName(call), callTimeoutMs));
    }
  };
}

/**
 * Calls `use` for each item, with turns of the event loop in between if it takes long. `use` calls code of
 * the application, so it runs in the caller's async context.
 *
 * @returns a promise if it takes long
 */
function forEachWithTurns<T>(items: readonly T[], use: (item: T) => void, from = 0): Promise<void> | undefined {
  const until = performance.now() + SLICE_MS;
  for (let i = from; i < items.length; i++) {
    use(items[i] as T);
    if (performance.now() >= until) return waitATurn().then(() => forEachWithTurns(items, use, i + 1));
  }
  return undefined;
}

/** The error that a handler gets if its extension does not answer. */
class CallTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(name: string, callTimeoutMs: number) {
    super(`${name} did not answer within callTimeoutMs (${callTimeoutMs} ms)`);
  }
}
