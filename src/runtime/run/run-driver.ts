import type { CallResult } from '../../api/answers.js';
import type { CallContext } from '../../api/extension.js';
import type { ExecutionMetrics, ExtensionCall, SegmentEffects, WasmError, WasmResult } from '../../api/result.js';
import { MAX_TIMER_MS } from '../../config/limits.js';
import { NexusError } from '../../errors/nexus-error.js';
import { type Origin, withOrigin } from '../../execution/origin.js';
import { callName, isOwnCall } from '../../execution/own-call-kinds.js';
import { answerTimers, firstDueMs, requestsAtOnce } from '../../execution/own-calls.js';
import type { ResumeOptions } from '../../execution/request/execute-options.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import { addMetricsTo } from '../../execution/result/result.js';
import type { SegmentRun } from '../../execution/segment-runner.js';
import type { PendingRequest, SuspendedRun } from '../../execution/suspended-run.js';
import type { WaitingRun } from '../../execution/waiting-run.js';
import { NET_EXTENSION, NET_METHOD } from '../../guest/abi.js';
import { limitContext } from '../../protocol/limit-failures.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import type { Mutable } from '../../support/mutable.js';
import { renderReason } from '../../support/render-reason.js';
import { clearTimeout, performance, setTimeout } from '../../support/timers.js';
import { whenAborted } from '../../support/waiting.js';
import type { RunPlace } from '../../suspension/room/run-places.js';
import { unkept } from '../../suspension/suspension-results.js';
import { type ArrivedAnswer, ExtensionCalls } from './extension-calls.js';

export interface RunLoopOptions {
  readonly environment: RuntimeEnvironment;
  /** Makes a call that the handler waits for; it may throw, or return a promise. */
  readonly answer: (call: ExtensionCall) => unknown;
  /** Told each error with which a call failed. */
  readonly onCallError: (error: unknown) => void;
  /** Makes a request that the handler waits for; it may throw. */
  readonly request: (pending: PendingRequest, run: SuspendedRun, signal: AbortSignal) => Promise<unknown>;
  /** The prefix of its calls' keys. */
  readonly runId: string;
  /** Receives the effects in order, at every suspension and at the end. Awaited before the handler is resumed. */
  readonly onEffects: ((effects: SegmentEffects) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Aborted when the runtime no longer waits. */
  readonly closing: AbortSignal;
  readonly origin: Origin;
  /** Over everything: executing, waiting, extensions. */
  readonly deadlineMs: number;
  /** Of all calls of extensions; Infinity for no bound. */
  readonly maxCalls: number;
  /** For one call of an extension. */
  readonly callTimeoutMs: number;
  readonly resume: (
    run: SuspendedRun,
    answers: readonly CallResult[],
    options: ResumeOptions,
    /** @default true */
    isLive?: boolean,
  ) => Promise<SegmentRun>;
  readonly resumeOptions: ResumeOptions;
  /** Told of every segment. */
  readonly onSegment: (segment: DrivenSegment) => void;
  /** Its place among all that wait in runs. */
  readonly place: RunPlace;
  /** Where it goes once it waits only for answers from elsewhere. Default: a method may not return `later` */
  readonly keep?: KeepRun | undefined;
}

/** Puts a run into the store. @returns its result from now on */
export type KeepRun = (waiting: WaitingRun, later: readonly string[], result: WasmResult) => Promise<WasmResult>;

/** One segment of a run. */
export interface DrivenSegment {
  readonly executed: SegmentRun;
  /** In the words of the run, see {@link RunLoop}. */
  readonly result: WasmResult;
  /** With which the handler went on; none in the first one. */
  readonly answers: readonly CallResult[];
  readonly isFirst: boolean;
  /** When it was asked for, on the clock of `performance.now()`. */
  readonly startedAt: number;
}

/**
 * Drives a handler to its end: reports its effects, makes its calls and resumes it with the answers.
 * Everything stays in this process, so a waiting handler is kept as it is, neither sealed nor stored.
 */
export class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #stop = new AbortController();
  readonly #calls: ExtensionCalls;
  readonly #resumeOptions: ResumeOptions;
  readonly #effects = { stateMutations: [], events: [], viewCommands: [], logs: [] } as {
    [K in keyof SegmentEffects]: SegmentEffects[K][number][];
  };

  /** At its last wait. */
  #run: SuspendedRun | undefined;
  /** Calls begun so far. */
  #callCount = 0;
  /** Of all segments so far. */
  #metrics: Mutable<ExecutionMetrics> | undefined;
  #last: WasmResult | undefined;
  /** Releases the checkpoint of its last wait. */
  #letGo: (() => void) | undefined;

  constructor(options: RunLoopOptions) {
    this.#options = options;
    const { callTimeoutMs, runId, environment } = options;
    const now = () => environment.now();
    const answer = (call: ExtensionCall, context: CallContext) => this.#answer(call, context);
    const { signal } = this.#stop;
    this.#calls = new ExtensionCalls({
      ...{ answer, onError: options.onCallError, callTimeoutMs, runId, stop: signal, now },
      mayBeLater: options.keep !== undefined,
    });
    this.#resumeOptions = { ...options.resumeOptions, signal };
  }

  /** @param begin executes the first segment under the signal */
  async drive(begin: (signal: AbortSignal) => Promise<SegmentRun>): Promise<WasmResult> {
    const { signal, closing, deadlineMs } = this.#options;
    const releases = [signal, closing].map((source) => whenAborted(source, () => this.#stop.abort(source?.reason)));
    const timer =
      deadlineMs === Number.POSITIVE_INFINITY
        ? undefined
        : setTimeout(() => this.#stop.abort(new DeadlineError(deadlineMs)), Math.min(deadlineMs, MAX_TIMER_MS));
    try {
      return await this.#drive(begin);
    } finally {
      clearTimeout(timer);
      for (const release of releases) release();
      this.#options.place.release();
      this.#keep(undefined);
      void this.#endCalls();
    }
  }

  /** Whether the handler waited at the end of its last segment, and so did not end by itself. */
  get isWaiting(): boolean {
    return this.#last?.status === 'suspended';
  }

  get #isCalledOff(): boolean {
    return this.#stop.signal.aborted;
  }

  /** perf: each promise that is awaited in here is one more for every await of the handler. */
  async #drive(begin: (signal: AbortSignal) => Promise<SegmentRun>): Promise<WasmResult> {
    const startedAt = performance.now();
    let executed = this.#note(await begin(this.#stop.signal), NONE, startedAt);
    for (;;) {
      const { result, waiting } = executed;
      const delivered = this.#deliver(result);
      if (delivered !== undefined) await delivered;
      if (waiting === undefined) return this.#end(result);
      const { run } = waiting;
      const calls = run.requests === undefined ? waiting.calls : [...waiting.calls, ...requestCalls(run)];
      const refusal = this.#options.place.take(run) ?? this.#count(calls);
      if (refusal !== undefined) return this.#whole(unkept(withPendingCalls(result, waiting), refusal, run.origin));
      this.#run = run;
      const abandoned = this.#calls.abandonOthers(calls, HAS_ENDED);
      if (abandoned !== undefined) await abandoned;
      const begun = this.#calls.begin(calls);
      if (begun !== undefined) await begun;
      const next = this.#isCalledOff ? NONE : this.#next(calls, run);
      const answers = (next instanceof Promise ? await next : next).map(({ answer }) => answer);
      if (this.#isCalledOff) return this.#whole(this.#calledOff(withPendingCalls(result, waiting)));
      const { onlyLater } = this.#calls;
      if (answers.length === 0 && onlyLater !== undefined) return this.#leave(waiting, result, onlyLater);
      const resumedAt = performance.now();
      try {
        executed = this.#note(await this.#options.resume(run, answers, this.#resumeOptions), answers, resumedAt);
      } catch (error) {
        if (!isAnswersFault(error)) throw error;
        executed = await this.#resumeAdmissible(run, answers);
      }
    }
  }

  /** Nothing here can answer it: it becomes data, and goes on where the answers are. */
  async #leave(waiting: WaitingRun, result: WasmResult, later: ReadonlySet<string>): Promise<WasmResult> {
    const { keep, resume } = this.#options;
    if (keep === undefined) return this.#end(result);
    if (waiting.run.checkpoint === undefined) return this.#whole(await keep(waiting, [...later], this.#whole(result)));
    // Without an answer it only comes to wait again, and this time as a snapshot.
    const startedAt = performance.now();
    const executed = this.#note(await resume(waiting.run, NONE, this.#resumeOptions, false), NONE, startedAt);
    const delivered = this.#deliver(executed.result);
    if (delivered !== undefined) await delivered;
    if (executed.waiting === undefined) return this.#end(executed.result);
    return this.#whole(await keep(executed.waiting, [...later], this.#whole(executed.result)));
  }

  #answer(call: ExtensionCall, context: CallContext): unknown {
    const { answer, request } = this.#options;
    const pending = isOwnCall(call) ? this.#run?.requests?.find(({ callId }) => callId === call.callId) : undefined;
    return pending === undefined || this.#run === undefined
      ? answer(call)
      : request(pending, this.#run, context.signal);
  }

  /** Waits for an answer or a timer, and takes all that there is by then, in the order in which it came. */
  #next(
    calls: readonly ExtensionCall[],
    run: SuspendedRun,
  ): Promise<readonly ArrivedAnswer[]> | readonly ArrivedAnswer[] {
    const dueAtMs = firstDueMs(run);
    return dueAtMs === undefined ? this.#calls.next(calls) : this.#nextOrTimer(calls, run, dueAtMs);
  }

  async #nextOrTimer(calls: readonly ExtensionCall[], run: SuspendedRun, dueAtMs: number): Promise<ArrivedAnswer[]> {
    const { environment } = this.#options;
    let callOff = () => {};
    const alarm = new Promise<void>((ring) => {
      const endAlarm = environment.alarm(dueAtMs, ring, calls.length === 0);
      const release = whenAborted(this.#stop.signal, ring);
      callOff = () => {
        endAlarm();
        release();
      };
    });
    const arrived = await this.#calls.next(calls, alarm);
    callOff();
    const timers = answerTimers(run, environment.now()).map(({ answer, dueAtMs: atMs }) => ({ answer, atMs }));
    return [...timers, ...arrived].sort((a, b) => a.atMs - b.atMs);
  }

  /** Why no further calls are made, if they are too many. */
  #count(calls: readonly ExtensionCall[]): WasmError | undefined {
    const { maxCalls } = this.#options;
    let fresh = 0;
    for (const { callId } of calls) if (!this.#calls.has(callId)) fresh++;
    if (this.#callCount + fresh > maxCalls) return tooManyCalls(maxCalls);
    this.#callCount += fresh;
    return undefined;
  }

  /** A segment has ended. @param answers with which it began, which the handler has now */
  #note(executed: SegmentRun, answers: readonly CallResult[], startedAt: number): SegmentRun {
    this.#keep(executed.waiting);
    const isFirst = this.#last === undefined;
    const result = this.#withRunError(executed.result);
    this.#last = result;
    this.#options.onSegment({ executed, result, answers, isFirst, startedAt });
    this.#calls.forget(answers);
    return executed;
  }

  /** It goes on from a snapshot as it is. A checkpoint is needed until the next segment has ended. */
  #keep(waiting: WaitingRun | undefined): void {
    this.#letGo?.();
    this.#letGo = undefined;
    if (waiting?.run.checkpoint === undefined) waiting?.letGo();
    else this.#letGo = waiting.letGo;
  }

  async #end(result: WasmResult): Promise<WasmResult> {
    await this.#endCalls();
    return this.#whole(this.#withRunError(result));
  }

  #endCalls(): Promise<void> {
    return this.#calls.abort(HAS_ENDED);
  }

  /**
   * An answer that cannot be passed becomes an error at the handler's `await` and does not affect other
   * answers.
   */
  async #resumeAdmissible(run: SuspendedRun, answers: readonly CallResult[]): Promise<SegmentRun> {
    const admissible: CallResult[] = [];
    const names = new Map(run.calls.map((call) => [call.callId, callName(call)]));
    for (const answer of answers) {
      const call = names.get(answer.callId);
      const manner = { honoursToJson: this.#resumeOptions.toJSON === true, ...(call !== undefined && { call }) };
      admissible.push(await toTransferableAnswer(answer, run.limits, manner));
    }
    const resume = async (given: readonly CallResult[]) => {
      const startedAt = performance.now();
      return this.#note(await this.#options.resume(run, given, this.#resumeOptions), given, startedAt);
    };
    try {
      return await resume(admissible);
    } catch (error) {
      if (!isAnswersFault(error) || answers.length === 1) throw error;
      // Each answer can be passed, but together they are too large: the others have their turn later.
      return resume(admissible.slice(0, 1));
    }
  }

  /** Adds up what a segment did. @returns what `onEffects` returned; undefined if there is nothing to wait for */
  #deliver(result: WasmResult): unknown {
    const { stateMutations, events, viewCommands, logs, metrics } = result;
    if (this.#metrics === undefined) this.#metrics = { ...metrics };
    else addMetricsTo(this.#metrics, metrics);
    append(this.#effects.stateMutations, stateMutations);
    append(this.#effects.events, events);
    append(this.#effects.viewCommands, viewCommands);
    append(this.#effects.logs, logs);
    return this.#options.onEffects?.({ stateMutations, events, viewCommands, logs });
  }

  /** A segment that was stopped by our own signal says so in the words of what stopped it. */
  #withRunError(result: WasmResult): WasmResult {
    return result.error?.code === 'CANCELLED' && this.#isCalledOff ? this.#calledOff(result) : result;
  }

  #calledOff(result: WasmResult): WasmResult {
    const { suspension: _, returnValue: __, ...rest } = result;
    const error = withOrigin(describeStop(this.#stop.signal.reason, result.error), this.#options.origin);
    return { ...rest, status: 'error', partial: true, error };
  }

  /** The last result with the effects of all segments. */
  #whole(result: WasmResult): WasmResult {
    return { ...result, ...this.#effects, metrics: this.#metrics ?? result.metrics };
  }
}

const NONE: readonly never[] = [];

/** The requests that a handler waits for and that are made now, as calls. */
function requestCalls(run: SuspendedRun): readonly ExtensionCall[] {
  return requestsAtOnce(run).map(({ callId, request }) => {
    return { callId, extensionName: NET_EXTENSION, method: NET_METHOD, args: request === undefined ? [] : [request] };
  });
}

/** A run that ends while its handler waits lists the calls that had no answer. */
function withPendingCalls(result: WasmResult, { leftCalls, calls }: WaitingRun): WasmResult {
  return { ...result, unawaitedCalls: [...leftCalls, ...calls] };
}

const HAS_ENDED = new Error('the handler has ended');

function tooManyCalls(maxCalls: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The handler made more calls of extensions than maxCalls (${maxCalls}) of the run.`,
    context: { limit: 'maxCalls', value: maxCalls, remedy: 'raise maxCalls of run, or set it to Infinity' },
  };
}

class DeadlineError extends Error {
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    super(`The run took longer than deadlineMs (${deadlineMs} ms).`);
    this.deadlineMs = deadlineMs;
  }
}

function describeStop(reason: unknown, error: WasmError | undefined): WasmError {
  if (reason instanceof DeadlineError) {
    const { deadlineMs, message } = reason;
    return { code: 'TIMEOUT', message, context: { ...limitContext('deadlineMs', deadlineMs), layer: 'deadline' } };
  }
  if (error !== undefined) return error;
  const text = renderReason(reason);
  return { code: 'CANCELLED', message: `The run was cancelled: ${text}`, context: { reason: text } };
}

function isAnswersFault(error: unknown): boolean {
  if (!(error instanceof NexusError)) return false;
  const { code, context } = error;
  return code === 'SERIALIZATION_ERROR' || (code === 'INVALID_ARGUMENT' && context['limit'] === 'maxContextBytes');
}

/** As arguments of one call, so many items would not fit on the stack. */
function append<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one);
}
