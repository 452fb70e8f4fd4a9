import type { AsyncResult, CallResult } from '../../api/answers.js';
import type { Extension } from '../../api/extension.js';
import type { ExtensionCall } from '../../api/result.js';
import { MAX_TIMER_MS } from '../../config/limits.js';
import { methodNamesOf } from '../../execution/request/build-request.js';
import { later } from '../../runtime/durable/later.js';
import { withCall } from '../../runtime/run/current-call.js';
import { clearTimeout, setTimeout, systemTime } from '../../support/timers.js';

/** An answer, and when it was waited for. */
export interface TimedAnswer {
  readonly answer: CallResult;
  readonly source: 'extension' | 'recorded' | 'given' | 'runtime';
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** The method that answers a call, if there is one. */
export function findMethod(
  extensions: Readonly<Record<string, Extension>>,
  { extensionName, method }: Pick<ExtensionCall, 'extensionName' | 'method'>,
): ((...args: readonly unknown[]) => unknown) | undefined {
  const extension = Object.hasOwn(extensions, extensionName) ? extensions[extensionName] : undefined;
  if (extension === undefined || !methodNamesOf(extension).includes(method)) return undefined;
  return (Reflect.get(extension, method) as (...args: readonly unknown[]) => unknown).bind(extension);
}

/** The calls of one run that are under way. */
export class LiveCalls {
  readonly #extensions: Readonly<Record<string, Extension>>;
  readonly #given: ReadonlyMap<string, CallResult>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #since: () => number;
  readonly #begun = new Set<string>();
  /** Answers that came, in order. */
  #settled: TimedAnswer[] = [];
  #underWay = 0;
  #wake: () => void = () => {};

  /** @param since the time since the start of the run, in milliseconds */
  constructor(
    extensions: Readonly<Record<string, Extension>>,
    given: readonly CallResult[],
    signal: AbortSignal,
    since: () => number,
  ) {
    this.#extensions = extensions;
    this.#given = new Map(given.map((answer) => [answer.callId, answer]));
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#since = since;
  }

  /**
   * Waits until a call is answered or a timer is due.
   *
   * @param wakeAtMs when the runtime can go on by itself
   * @param mayCall whether extensions are called and timers waited for; answers that were typed in count in any case
   * @returns undefined if nothing will happen
   */
  async next(
    waiting: readonly ExtensionCall[],
    wakeAtMs: number | undefined,
    mayCall: boolean,
  ): Promise<readonly TimedAnswer[] | undefined> {
    for (const call of waiting) this.#begin(call, mayCall);
    const waits = new Set(waiting.map(({ callId }) => callId));
    for (;;) {
      const taken = this.#settled.filter(({ answer }) => waits.has(answer.callId));
      if (taken.length > 0) {
        this.#settled = this.#settled.filter(({ answer }) => !waits.has(answer.callId));
        return taken;
      }
      if (this.#signal.aborted) return undefined;
      if (!mayCall) return undefined;
      const leftMs = wakeAtMs === undefined ? undefined : wakeAtMs - systemTime();
      if (leftMs !== undefined && leftMs <= 0) return [];
      if (leftMs === undefined && this.#underWay === 0) return undefined;
      await this.#change(leftMs);
    }
  }

  /** Tells the calls that are under way that nobody waits for them. */
  stop(): void {
    this.#stop.abort(new Error('the run has ended'));
  }

  #begin(call: ExtensionCall, mayCall: boolean): void {
    const { callId, args } = call;
    if (this.#begun.has(callId)) return;
    const given = this.#given.get(callId);
    if (given !== undefined) {
      this.#begun.add(callId);
      this.#settled.push({ answer: given, source: 'given' });
      return;
    }
    const method = mayCall ? findMethod(this.#extensions, call) : undefined;
    if (method === undefined) return;
    this.#begun.add(callId);
    this.#underWay++;
    const fromMs = this.#since();
    const context = { key: `playground:${callId}`, signal: this.#signal };
    void answerOf(() => withCall(context, method, ...args)).then((answer) => {
      this.#underWay--;
      // An answer that comes later from elsewhere is typed in, here.
      if (!answer.success || answer.value !== later)
        this.#settled.push({ answer: { callId, ...answer }, source: 'extension', fromMs, toMs: this.#since() });
      this.#wake();
    });
  }

  #change(withinMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(() => done(), Math.min(withinMs + 1, MAX_TIMER_MS));
      const done = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      this.#signal.addEventListener('abort', done, { once: true });
    });
  }
}

async function answerOf(call: () => unknown): Promise<AsyncResult> {
  try {
    return { success: true, value: await call() };
  } catch (error) {
    return { success: false, error };
  }
}
