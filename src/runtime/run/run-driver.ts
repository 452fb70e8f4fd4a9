import type { CallResult } from '../../api/answers.js';
import type { ExecutionMetrics, ExtensionCall, SegmentEffects, WasmError, WasmResult } from '../../api/result.js';
import { MAX_TIMER_MS } from '../../config/limits.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { ResumeOptions } from '../../execution/request/execute-options.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import { addMetrics, type Origin, withOrigin } from '../../execution/result/result.js';
import type { SegmentRun } from '../../execution/segment-runner.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import { limitContext } from '../../protocol/limit-failures.js';
import { renderReason } from '../../support/render-reason.js';
import { whenAborted } from '../../support/waiting.js';
import type { RunPlace } from '../../suspension/run-places.js';
import { unkept } from '../../suspension/suspension-results.js';
import { ExtensionCalls } from './extension-calls.js';

export interface RunLoopOptions {
  /** Makes a call that the handler waits for; it may throw. */
  readonly answer: (call: ExtensionCall) => Promise<unknown>;
  /** What the keys of its calls begin with. */
  readonly runId: string;
  /** Told what the handler did, in order, at every suspension and at its end. Awaited before the handler goes on. */
  readonly onEffects: ((effects: SegmentEffects) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Fires when the runtime waits no longer. */
  readonly closing: AbortSignal;
  readonly origin: Origin;
  /** Over everything: executing, waiting, extensions. */
  readonly deadlineMs: number | undefined;
  /** For one call of an extension. */
  readonly callTimeoutMs: number;
  readonly resume: (run: SuspendedRun, answers: readonly CallResult[], options: ResumeOptions) => Promise<SegmentRun>;
  readonly resumeOptions: ResumeOptions;
  /** Its place among all that wait in runs. */
  readonly place: RunPlace;
}

/**
 * Drives a handler to its end: hands its effects on, makes the calls it waits for, and goes on with their answers. All of it stays in
 * this process, so what waits is kept as it is, unsealed, and nowhere stored.
 */
export class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #stop = new AbortController();
  readonly #calls: ExtensionCalls;
  readonly #effects = { stateMutations: [], events: [], viewCommands: [], logs: [] } as {
    [K in keyof SegmentEffects]: SegmentEffects[K][number][];
  };

  /** Of all segments so far. */
  #metrics: ExecutionMetrics | undefined;

  constructor(options: RunLoopOptions) {
    this.#options = options;
    const { answer, callTimeoutMs, runId } = options;
    this.#calls = new ExtensionCalls({ answer, callTimeoutMs, runId, stop: this.#stop.signal });
  }

  /** @param begin executes the first segment, under the signal */
  async drive(begin: (signal: AbortSignal) => Promise<SegmentRun>): Promise<WasmResult> {
    const { signal, closing, deadlineMs } = this.#options;
    const releases = [signal, closing].map((source) => whenAborted(source, () => this.#stop.abort(source?.reason)));
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => this.#stop.abort(new DeadlineError(deadlineMs)), Math.min(deadlineMs, MAX_TIMER_MS));
    try {
      return await this.#drive(begin);
    } finally {
      clearTimeout(timer);
      for (const release of releases) release();
      this.#options.place.release();
      void this.#endCalls();
    }
  }

  get #isCalledOff(): boolean {
    return this.#stop.signal.aborted;
  }

  async #drive(begin: (signal: AbortSignal) => Promise<SegmentRun>): Promise<WasmResult> {
    let executed = await begin(this.#stop.signal);
    for (;;) {
      const { result, waiting, run } = executed;
      this.#metrics = this.#metrics === undefined ? result.metrics : addMetrics(this.#metrics, result.metrics);
      await this.#deliver(result);
      if (run === undefined || waiting === undefined) return this.#end(result);
      const noRoom = this.#options.place.take(run);
      if (noRoom !== undefined) return this.#whole(unkept(result, noRoom, run.origin));
      await this.#calls.begin(waiting.calls);
      const answers = this.#isCalledOff ? [] : await this.#calls.next(waiting.calls);
      if (this.#isCalledOff) return this.#whole(this.#calledOff(result));
      executed = await this.#resume(run, answers);
    }
  }

  /** Nobody waits for an answer any more. Calls that were not made yet are made, and waited for, all the same if all went well. */
  async #end(result: WasmResult): Promise<WasmResult> {
    await this.#endCalls();
    const { status, unawaitedCalls = [] } = result;
    if (status === 'success' && !this.#isCalledOff) {
      const unmade = unawaitedCalls.filter(({ callId }) => !this.#calls.has(callId));
      await this.#calls.begin(unmade);
      await this.#calls.settled(unmade);
    }
    return this.#whole(this.withRunError(result));
  }

  #endCalls(): Promise<void> {
    return this.#calls.abort(new Error('the handler has ended'));
  }

  /** An answer that cannot enter the VM becomes an error at the handler's `await`, and harms no other. */
  async #resume(run: SuspendedRun, answers: readonly CallResult[]): Promise<SegmentRun> {
    const options = { ...this.#options.resumeOptions, signal: this.#stop.signal };
    const resume = async (given: readonly CallResult[]) => {
      const executed = await this.#options.resume(run, given, options);
      this.#calls.forget(given);
      return executed;
    };
    try {
      return await resume(answers);
    } catch (error) {
      if (!isAnswersFault(error)) throw error;
    }
    const admissible: CallResult[] = [];
    for (const answer of answers) {
      const call = run.calls.find(({ callId }) => callId === answer.callId);
      const name = call && `$ext.${call.extensionName}.${call.method}`;
      admissible.push(await toTransferableAnswer(answer, run.limits, name));
    }
    try {
      return await resume(admissible);
    } catch (error) {
      if (!isAnswersFault(error) || answers.length === 1) throw error;
      // Each can enter, and all of them are too much: the others have their turn after it.
      return resume(admissible.slice(0, 1));
    }
  }

  async #deliver(result: WasmResult): Promise<void> {
    const { stateMutations, events, viewCommands, logs } = result;
    append(this.#effects.stateMutations, stateMutations);
    append(this.#effects.events, events);
    append(this.#effects.viewCommands, viewCommands);
    append(this.#effects.logs, logs);
    await this.#options.onEffects?.({ stateMutations, events, viewCommands, logs });
  }

  /** A segment that was stopped by our own signal says so in the words of what stopped it. */
  withRunError(result: WasmResult): WasmResult {
    return result.error?.code === 'CANCELLED' && this.#isCalledOff ? this.#calledOff(result) : result;
  }

  #calledOff(result: WasmResult): WasmResult {
    const { suspension: _, returnValue: __, ...rest } = result;
    const error = withOrigin(describeStop(this.#stop.signal.reason, result.error), this.#options.origin);
    return { ...rest, status: 'error', partial: true, error };
  }

  /** The end, of all segments. Calls that were not made are in it, for whoever wants to know. */
  #whole(result: WasmResult): WasmResult {
    const { unawaitedCalls = [], ...rest } = result;
    const unmade = unawaitedCalls.filter(({ callId }) => !this.#calls.has(callId));
    return {
      ...rest,
      ...this.#effects,
      ...(unmade.length > 0 && { unawaitedCalls: unmade }),
      metrics: this.#metrics ?? result.metrics,
    };
  }
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

/** As arguments, so many would not fit on the stack. */
function append<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one);
}
