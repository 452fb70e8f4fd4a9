import type { CallResult } from '../../../api/answers.js';
import type { CallContext } from '../../../api/extension.js';
import type { ExtensionCall } from '../../../api/result.js';
import { callName } from '../../../execution/own-call-kinds.js';
import type { RuntimeEnvironment } from '../../../support/environment.js';
import { clearTimeout, setTimeout } from '../../../support/timers.js';
import { whenAborted } from '../../../support/waiting.js';
import { withCall } from '../../run/current-call.js';
import { later } from '../later.js';
import type { BegunCall } from '../run-histories.js';
import type { CheckedRetryPolicy } from '../work-options.js';

/** For a RetryableError, if the policy says nothing. */
const DEFAULT_RETRIES = 5;

export interface DurableCallsOptions {
  /** Makes a call; it may throw. */
  readonly answer: (call: ExtensionCall) => Promise<unknown>;
  readonly callTimeoutMs: number;
  readonly retryOf: (call: ExtensionCall) => CheckedRetryPolicy;
  /** The prefix of the calls' keys. */
  readonly runId: string;
  readonly environment: RuntimeEnvironment;
  /** Told whenever an answer has come. */
  readonly onAnswer: () => void;
  /** Told that a call is begun, for people. @default nobody */
  readonly onCall?: (call: ExtensionCall) => BegunCall | undefined;
}

/** What `currentCall` returns in a run that is driven from a store. */
export interface ReleasableCall extends CallContext {
  /** Whether the method answered it with `later` before, and somebody has released it since. */
  readonly isReleased: boolean;
}

/** The calls of one run that this process makes: each once, and again if it fails and may. */
export class DurableCalls {
  readonly #options: DurableCallsOptions;
  readonly #underWay = new Map<string, AbortController>();
  readonly #answers = new Map<string, CallResult>();
  /** Those whose answers come from elsewhere. */
  readonly #later = new Set<string>();
  /** Those that were to, and are made after all. */
  readonly #released = new Set<string>();

  constructor(options: DurableCallsOptions) {
    this.#options = options;
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  begin(calls: readonly ExtensionCall[]): void {
    for (const call of calls) {
      const { callId } = call;
      if (this.#underWay.has(callId) || this.#answers.has(callId) || this.#later.has(callId)) continue;
      const controller = new AbortController();
      this.#underWay.set(callId, controller);
      void this.#make(call, controller).then((answer) => {
        this.#underWay.delete(callId);
        if (answer === undefined) this.#later.add(callId);
        else this.#answers.set(callId, answer);
        this.#options.onAnswer();
      });
    }
  }

  /** Ids of calls that were made, and whose answers come from elsewhere. */
  get later(): readonly string[] {
    return [...this.#later];
  }

  /** Calls that need not be made: their answers come from elsewhere. */
  expectLater(callIds: readonly string[]): void {
    for (const callId of callIds) if (!this.#released.has(callId)) this.#later.add(callId);
  }

  /** Makes a call after all whose answer was to come from elsewhere. It may be told again. */
  release(call: ExtensionCall): void {
    const { callId } = call;
    if (this.#released.has(callId) || this.#underWay.has(callId) || this.#answers.has(callId)) return;
    this.#released.add(callId);
    this.#later.delete(callId);
    this.begin([call]);
  }

  /** Answers that have come, in their order. */
  get answers(): readonly CallResult[] {
    return [...this.#answers.values()];
  }

  forget(answers: readonly CallResult[]): void {
    for (const { callId } of answers) this.#answers.delete(callId);
  }

  /** Ends those that nothing waits for. */
  abandonOthers(callIds: ReadonlySet<string>, reason: unknown): void {
    for (const [callId, controller] of [...this.#underWay]) if (!callIds.has(callId)) controller.abort(reason);
    for (const callId of [...this.#answers.keys()]) if (!callIds.has(callId)) this.#answers.delete(callId);
    for (const callId of [...this.#later]) if (!callIds.has(callId)) this.#later.delete(callId);
  }

  abort(reason: unknown): void {
    for (const controller of [...this.#underWay.values()]) controller.abort(reason);
  }

  /** @returns undefined if the answer comes later */
  async #make(call: ExtensionCall, controller: AbortController): Promise<CallResult | undefined> {
    const begun = this.#options.onCall?.(call);
    const answer = await this.#makeUntilAnswered(call, controller.signal, begun);
    begun?.ended(answer);
    return answer;
  }

  async #makeUntilAnswered(
    call: ExtensionCall,
    ended: AbortSignal,
    begun: BegunCall | undefined,
  ): Promise<CallResult | undefined> {
    const { callId } = call;
    for (let attempt = 0; ; attempt++) {
      try {
        const value = await this.#attempt(call, ended);
        return value === later ? undefined : { callId, success: true, value };
      } catch (error) {
        const pauseMs = this.#pauseBefore(call, error, attempt);
        if (pauseMs === undefined || ended.aborted) return { callId, success: false, error };
        begun?.retried();
        await this.#pause(pauseMs, ended);
        if (ended.aborted) return { callId, success: false, error };
      }
    }
  }

  async #attempt(call: ExtensionCall, ended: AbortSignal): Promise<unknown> {
    const { answer, callTimeoutMs, runId } = this.#options;
    const own = new AbortController();
    const release = whenAborted(ended, () => own.abort(ended.reason));
    const late = () => own.abort(new CallTimeoutError(callName(call), callTimeoutMs));
    const timer = setTimeout(late, callTimeoutMs);
    const aborted = new Promise<never>((_, reject) => {
      whenAborted(own.signal, () => reject(own.signal.reason));
    });
    aborted.catch(() => {});
    try {
      const key = `${runId}:${call.callId}`;
      const context: ReleasableCall = { key, signal: own.signal, isReleased: this.#released.has(call.callId) };
      return await Promise.race([withCall(context, () => answer(call)), aborted]);
    } catch (error) {
      own.abort(error);
      throw error;
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  /** How long to wait before it is made again; undefined if it is not. */
  #pauseBefore(call: ExtensionCall, error: unknown, attempt: number): number | undefined {
    const { retries, backoffMs, maxBackoffMs } = this.#options.retryOf(call);
    const { name, retryAfterMs } = (typeof error === 'object' && error !== null ? error : {}) as {
      name?: unknown;
      retryAfterMs?: unknown;
    };
    const most = retries ?? (name === 'RetryableError' ? DEFAULT_RETRIES : 0);
    if (name === 'FatalError' || attempt >= most) return undefined;
    if (typeof retryAfterMs === 'number' && retryAfterMs >= 0) return Math.min(retryAfterMs, maxBackoffMs);
    return Math.min(maxBackoffMs, backoffMs * 2 ** attempt);
  }

  async #pause(ms: number, ended: AbortSignal): Promise<void> {
    const { environment } = this.#options;
    await new Promise<void>((resolve) => {
      const callOff = environment.alarm(environment.now() + ms, resolve, false);
      whenAborted(ended, () => {
        callOff();
        resolve();
      });
    });
  }
}

/** The error that a handler gets if its extension does not answer. */
class CallTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(name: string, callTimeoutMs: number) {
    super(`${name} did not answer within callTimeoutMs (${callTimeoutMs} ms)`);
  }
}
