import type { AsyncResult, CallResult } from '../api/answers.js';
import type { ContextValue } from '../api/context.js';
import type { ExtensionCall, Suspension, WasmResult } from '../api/result.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import type { ResumeOptions } from '../execution/request/execute-options.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import type { RequestMock } from '../runtime/own/requests.js';
import { withCall } from '../runtime/run/current-call.js';
import { parseSuspensionId } from '../support/run-ids.js';
import type { TestClock } from './clock.js';
import type { CoveredHandler, CoveringRuntime } from './coverage/coverage.js';
import { requestMock } from './fetch-mock.js';
import { type HandlerOptions, prepareHandler } from './handler-options.js';
import { readHandler, requireCompiled } from './handler-source.js';
import { Mocks } from './mocks.js';
import { asAnswer, RecordedAnswers } from './recording/recorded-answers.js';
import { showCall } from './show.js';
import { joined, type TestResult, testResult, withMetrics } from './test-result.js';

/** The state of a handler: it waits for answers, or has ended. Its effects are those from the start. */
export type HandlerStep = TestResult & StepFields;

/** What a step has beyond the result of a test. */
export interface StepFields {
  /** Pending calls, in order. Empty if the handler has ended. */
  readonly waitingFor: readonly ExtensionCall[];
  /** When the first timer of the handler is due; absent if none is set. */
  readonly wakeAt?: Date;
  /**
   * Moves the clock of the test runtime to {@link wakeAt} and resumes the handler, without an answer to its calls.
   *
   * @throws NexusError INVALID_ARGUMENT if no timer is set, or it was already resumed
   */
  wake(): Promise<HandlerStep>;
  /**
   * Resumes the handler with an answer.
   *
   * @param answer the answer to the first pending call; or `answers([…])` for several, in order
   * @returns the next step
   * @throws NexusError INVALID_ARGUMENT if it has ended, was already resumed, or has fewer calls;
   *   SERIALIZATION_ERROR
   */
  resumeWith(answer?: unknown): Promise<HandlerStep>;
  /**
   * Resumes the handler with an error at the first pending call.
   *
   * @param error an Error, or the message of one
   * @throws as {@link resumeWith}
   */
  failWith(error: unknown): Promise<HandlerStep>;
}

/** @internal Not in the declarations: a method of it is not in them either. */
type Runtime = Pick<NexusRuntime, 'executeHandler' | 'resumeAny' | 'inferCapabilities'> &
  CoveringRuntime & { readonly clock: TestClock };

/**
 * Executes a handler until it waits for a call that no mock answers.
 *
 * @internal
 * @throws NexusError INVALID_ARGUMENT if it ends before
 */
export async function suspendFirst(
  runtime: Runtime,
  codeOrFile: string | URL,
  given: HandlerOptions,
): Promise<HandlerStep> {
  const mocks = new Mocks(given.ext);
  const source = await readHandler(codeOrFile);
  const { context, options } = prepareHandler(given, source, runtime);
  const covered = runtime.cover(source, options);
  const { now, timeoutMs, toJSON } = options;
  const resumeOptions = {
    ...(now !== undefined && { now }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(toJSON !== undefined && { toJSON }),
  };
  const request = requestMock(given.fetch);
  const parts = { runtime, mocks, state: context.stateSnapshot, options: resumeOptions, covered, request };
  const stepper = new Stepper(parts);
  const first = await runtime.executeHandler(covered.code, context, covered.options(options));
  requireCompiled(source, first.error);
  const step = await stepper.advance(covered.restore(first));
  if (step.status !== 'suspended') throw neverWaited(step);
  return step;
}

interface StepperParts {
  readonly runtime: Runtime;
  readonly mocks: Mocks;
  readonly state: ContextValue;
  readonly options: ResumeOptions;
  readonly covered: CoveredHandler;
  readonly request: RequestMock | undefined;
}

/** Steps through a handler with real suspensions: sealed, stored, opened again. */
class Stepper {
  readonly #parts: StepperParts;
  #sofar: WasmResult | undefined;

  constructor(parts: StepperParts) {
    this.#parts = parts;
  }

  /** Continues from the result of a segment to the next call that the test answers. */
  async advance(segment: WasmResult): Promise<HandlerStep> {
    const { mocks } = this.#parts;
    let next = segment;
    for (;;) {
      this.#sofar = joined(this.#sofar, next);
      const { suspension } = next;
      if (suspension === undefined) return this.#step([]);
      for (const call of suspension.calls) mocks.note(call);
      const mocked = suspension.calls.filter((call) => mocks.has(call));
      const { suspensionId, wakeAt } = suspension;
      if (mocked.length === 0) {
        if (suspension.calls.length > 0 || wakeAt === undefined) return this.#step(suspension.calls, suspension);
        // It waits for nothing but a timer.
        next = await this.#wake(suspensionId, wakeAt);
        continue;
      }
      const { runId = suspensionId } = parseSuspensionId(suspensionId) ?? {};
      const given = await Promise.all(mocked.map((call) => this.#ask(call, runId)));
      next = await this.#resume(suspensionId, given);
    }
  }

  async #resume(suspensionId: string, answers: readonly CallResult[]): Promise<WasmResult> {
    const { runtime, options, covered, request } = this.#parts;
    return covered.restore(await runtime.resumeAny(suspensionId, answers, options, { request }));
  }

  #wake(suspensionId: string, wakeAt: Date): Promise<WasmResult> {
    const { clock } = this.#parts.runtime;
    clock.set(Math.max(clock.now(), wakeAt.getTime()));
    return this.#resume(suspensionId, []);
  }

  async #ask(call: ExtensionCall, runId: string): Promise<CallResult> {
    const { mocks } = this.#parts;
    const { callId } = call;
    const { signal } = new AbortController();
    const answer = await withCall({ key: `${runId}:${callId}`, signal }, () => mocks.answer(call));
    return { callId, ...answer };
  }

  #step(waitingFor: readonly ExtensionCall[], suspension?: Suspension): HandlerStep {
    const { mocks, state } = this.#parts;
    const result = testResult(this.#sofar as WasmResult, state, mocks.calls);
    let isResumed = false;
    const resume = async (answers: readonly AsyncResult[]): Promise<HandlerStep> => {
      if (suspension === undefined) throw ended(result);
      if (isResumed) throw wentOn(waitingFor);
      if (answers.length > waitingFor.length || answers.length === 0) throw tooMany(answers.length, waitingFor);
      const calls = waitingFor.slice(0, answers.length);
      const given = calls.map((call, i): CallResult => ({ callId: call.callId, ...(answers[i] as AsyncResult) }));
      const next = await this.#resume(suspension.suspensionId, given);
      // An answer that cannot be passed leaves the handler suspended.
      isResumed = true;
      for (const [i, call] of calls.entries()) mocks.settle(call, answers[i] as AsyncResult);
      return this.advance(next);
    };
    const wake = async (): Promise<HandlerStep> => {
      if (suspension === undefined) throw ended(result);
      if (isResumed) throw wentOn(waitingFor);
      const { suspensionId, wakeAt } = suspension;
      if (wakeAt === undefined) throw noTimer(waitingFor);
      const next = await this.#wake(suspensionId, wakeAt);
      isResumed = true;
      return this.advance(next);
    };
    const wakeAt = suspension?.wakeAt;
    return withMetrics(
      {
        ...result,
        waitingFor,
        ...(wakeAt !== undefined && { wakeAt }),
        wake,
        resumeWith: (answer) => resume(answersOf(answer)),
        failWith: (error) => resume([{ success: false, error }]),
      },
      result.metrics,
    );
  }
}

function answersOf(answer: unknown): AsyncResult[] {
  const list = answer instanceof RecordedAnswers ? answer.list : [answer];
  return list.map(asAnswer);
}

function neverWaited({ status, error, returnValue }: TestResult): NexusError {
  const how =
    error === undefined
      ? `it returned ${typeof returnValue === 'object' ? JSON.stringify(returnValue) : String(returnValue)}`
      : `${error.code}: ${error.message}${error.snippet === undefined ? '' : `\n${error.snippet}`}`;
  return new NexusError(
    'INVALID_ARGUMENT',
    `The handler ended without waiting for a call that no mock answers (${status}): ${how}\nrunHandler runs a handler to its end.`,
    { context: { status, ...(error && { error }) } },
  );
}

function ended({ status }: TestResult): NexusError {
  const message = `The handler has ended (${status}): it waits for nothing, and cannot be resumed.`;
  return new NexusError('INVALID_ARGUMENT', message, { context: { status } });
}

function noTimer(waitingFor: readonly ExtensionCall[]): NexusError {
  const message = `The handler has set no timer: it waits for ${waitingFor.map(showCall).join(', ')}.`;
  return new NexusError('INVALID_ARGUMENT', message, { context: {} });
}

function wentOn(waitingFor: readonly ExtensionCall[]): NexusError {
  const calls = waitingFor.map(showCall).join(', ');
  const message = `The handler was already resumed from ${calls}: continue with the step that resumeWith returned.`;
  return new NexusError('INVALID_ARGUMENT', message, { context: { waitingFor } });
}

function tooMany(count: number, waitingFor: readonly ExtensionCall[]): NexusError {
  const calls = waitingFor.map(showCall).join(', ');
  return invalidArgument('answers', count, `from 1 to ${waitingFor.length} answers, for ${calls}`);
}
