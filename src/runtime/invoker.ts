import { isUint8Array } from 'node:util/types';
import type { AsyncResult, CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { EventOrigin } from '../api/observer.js';
import type { ExtensionCall, WasmResult } from '../api/result.js';
import type { TraceCarrier, TracedCallName, Tracing } from '../api/tracing.js';
import type { HandlerRef } from '../compiler/handler-loader.js';
import { invalidArgument, readArgument, requireText } from '../config/check.js';
import { eventOriginOf, originOf } from '../execution/origin.js';
import { matchAnswers } from '../execution/request/answers.js';
import { checkContext } from '../execution/request/build-request.js';
import {
  type ExecuteOptions,
  normaliseOptions,
  normaliseResumeOptions,
  type ResumeOptions,
} from '../execution/request/execute-options.js';
import type { SegmentRun, SegmentRunner, WaitingRun } from '../execution/segment-runner.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import type { InFlight } from '../support/in-flight.js';
import type { Claim, Settlement, Suspensions } from '../suspension/suspensions.js';
import { TracedCall } from './call-tracing.js';
import { ExtensionMethods } from './run/extension-methods.js';
import { type DrivenSegment, RunLoop } from './run/run-driver.js';
import { type CheckedRunOptions, checkRunOptions, type RunOptions } from './run/run-options.js';
import type { RunProbe } from './run/run-probe.js';

export interface HandlerCallsParts {
  readonly calls: InFlight;
  readonly executions: SegmentRunner;
  readonly suspended: Suspensions;
  readonly telemetry: Telemetry;
  readonly tracing: Tracing | undefined;
  readonly surroundings: RuntimeEnvironment;
}

/** Most calls: one trace that tells nobody will do for all. */
const UNTRACED = new TracedCall();

/** The calls that execute handlers, from their arguments to their results: executed, kept when they wait, told of. */
export class Invoker {
  readonly #parts: HandlerCallsParts;
  /** Fires when the drain timeout is over. */
  readonly #closing = new AbortController();

  constructor(parts: HandlerCallsParts) {
    this.#parts = parts;
  }

  execute(handler: HandlerRef, context: WasmContext, given: number | ExecuteOptions | undefined): Promise<WasmResult> {
    return this.#counted(async () => {
      const { executions, suspended } = this.#parts;
      const calledAt = performance.now();
      const options = normaliseOptions(given);
      checkContext(context);
      const origin = eventOriginOf(context, options.tenant);
      return this.#traced('execute', calledAt, origin, undefined, async (trace) => {
        const executed = await executions.call(handler, context, options);
        trace.executed(executed, calledAt, true);
        const keptAt = performance.now();
        const { waiting } = executed;
        const result =
          waiting === undefined
            ? executed.result
            : await suspended.keep(executed, withTrace(waiting, trace), origin).finally(waiting.letGo);
        trace.suspended(result, keptAt);
        this.#tell(result, executed, origin);
        return result;
      });
    });
  }

  /** Of any number of callers at the same time one resumes it; all get its outcome. */
  resume(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    given: number | ResumeOptions,
  ): Promise<WasmResult> {
    return this.#counted(async () => {
      const { suspended, telemetry } = this.#parts;
      const calledAt = performance.now();
      requireText('suspensionId', suspensionId);
      const options = normaliseResumeOptions(given);
      const claim = await suspended.claim(suspensionId, options.signal);
      if (!('run' in claim)) {
        // An outcome that was recorded was counted then; who gave up waiting for it was not.
        if (options.signal?.aborted && claim.error?.code === 'CANCELLED') telemetry.calledOff('CANCELLED');
        return claim;
      }
      const origin = eventOriginOf(claim.run.origin, options.tenant);
      return this.#traced('resume', calledAt, origin, claim.run.trace, async (trace) => {
        const executed = await this.#resumeClaimed(claim, answers, options, trace);
        // The caller gave up, or its time was over before it began: nothing was delivered, and somebody may want to resume it later.
        if (!executed.began || executed.result.error?.code === 'CANCELLED') {
          executed.waiting?.letGo();
          await claim.release();
          this.#tell(executed.result, executed, origin);
          return executed.result;
        }
        const keptAt = performance.now();
        const { result, isRecorded } = await this.#settle(claim, executed, trace, origin);
        trace.suspended(result, keptAt);
        this.#tell(isRecorded ? result : executed.result, executed, origin);
        if (isRecorded) telemetry.resume(suspensionId, result, (performance.now() - calledAt) * 1000, origin);
        return result;
      });
    });
  }

  run(code: string | Uint8Array, context: WasmContext, given: RunOptions, probe: RunProbe = {}): Promise<WasmResult> {
    return this.#counted(() => {
      if (typeof code !== 'string' && !isUint8Array(code)) {
        throw invalidArgument('code', code, 'source text, or an artifact');
      }
      const handler: HandlerRef = typeof code === 'string' ? { source: code } : { artifact: code };
      checkContext(context);
      const options = checkRunOptions(given);
      const executeOptions = normaliseOptions(options.rest);
      const origin = eventOriginOf(context, executeOptions.tenant);
      const known = probe.answersAll ? context : { extensionRegistry: options.extensions, ...context };
      return this.#traced('run', performance.now(), origin, undefined, async (trace) => {
        const { executions, telemetry } = this.#parts;
        const onSegment = ({ executed, result, answers, isFirst, startedAt }: DrivenSegment) => {
          trace.executed(executed, startedAt, isFirst);
          this.#tell(result, executed, origin);
          probe.onSegment?.(answers, result);
        };
        const loop = this.#runLoop(context, options, executeOptions, probe, onSegment);
        const result = await loop.drive((signal) =>
          executions.call(handler, known, { ...executeOptions, ...clockOf(probe), signal }),
        );
        if (result.error !== undefined && loop.isWaiting) telemetry.calledOff(result.error.code);
        return result;
      });
    });
  }

  /** Calls off runs. */
  close(): void {
    this.#closing.abort(new Error('the runtime is shutting down'));
  }

  async #resumeClaimed(
    claim: Claim,
    answers: AsyncResult | readonly CallResult[],
    options: ResumeOptions,
    trace: TracedCall,
  ): Promise<SegmentRun> {
    const claimedAt = performance.now();
    let executed: SegmentRun;
    try {
      const matched = readArgument('answers', () => matchAnswers(answers, claim.run.calls));
      executed = await this.#parts.executions.resume(claim.run, matched, options);
    } catch (error) {
      await claim.release();
      throw error;
    }
    trace.executed(executed, claimedAt, false);
    return executed;
  }

  async #settle(claim: Claim, executed: SegmentRun, trace: TracedCall, origin: EventOrigin): Promise<Settlement> {
    const { waiting } = executed;
    try {
      return await claim.settle(waiting ? { ...executed, waiting: withTrace(waiting, trace) } : executed, origin);
    } catch (error) {
      // It was executed all the same.
      this.#tell(executed.result, executed, origin);
      throw error;
    } finally {
      waiting?.letGo();
    }
  }

  #runLoop(
    context: WasmContext,
    { extensions, onEffects, deadlineMs, callTimeoutMs }: CheckedRunOptions,
    { signal, ...resumeOptions }: ExecuteOptions,
    probe: RunProbe,
    onSegment: (segment: DrivenSegment) => void,
  ): RunLoop {
    const { executions, suspended, surroundings } = this.#parts;
    const runId = surroundings.newRunId();
    const methods = new ExtensionMethods(extensions);
    const byExtension = (call: ExtensionCall) => methods.call(call);
    return new RunLoop({
      answer: (call) => probe.answer?.(call, () => byExtension(call)) ?? byExtension(call),
      runId,
      onEffects,
      signal,
      closing: this.#closing.signal,
      origin: originOf(context),
      deadlineMs,
      callTimeoutMs,
      resume: (run, answers, options) => executions.resume(run, answers, { ...options, ...clockOf(probe) }),
      resumeOptions,
      onSegment,
      place: suspended.runPlaces.open(runId),
    });
  }

  #traced(
    name: TracedCallName,
    calledAt: number,
    origin: EventOrigin,
    carrier: TraceCarrier | undefined,
    call: (trace: TracedCall) => Promise<WasmResult>,
  ): Promise<WasmResult> {
    const { tracing } = this.#parts;
    if (tracing === undefined) return call(UNTRACED);
    return this.#trace(new TracedCall(tracing, name, calledAt, origin, carrier), call);
  }

  async #trace(trace: TracedCall, call: (trace: TracedCall) => Promise<WasmResult>): Promise<WasmResult> {
    try {
      const result = await call(trace);
      trace.end(result);
      return result;
    } catch (error) {
      trace.fail(error);
      throw error;
    }
  }

  #tell(result: WasmResult, { began }: SegmentRun, origin: EventOrigin): void {
    this.#parts.telemetry.execution(result, began, origin);
  }

  /** A call that gives no result is counted by its code. */
  async #counted(call: () => Promise<WasmResult>): Promise<WasmResult> {
    try {
      return await this.#parts.calls.run(call);
    } catch (error) {
      this.#parts.telemetry.rejection(error);
      throw error;
    }
  }
}

/** A handler that waits goes on in this trace. */
function withTrace(waiting: WaitingRun, { carrier }: TracedCall): WaitingRun {
  if (carrier === undefined) return waiting;
  return { ...waiting, run: { ...waiting.run, trace: carrier } };
}

/** For the segment that begins. */
function clockOf(probe: RunProbe): { readonly now?: number } {
  return probe.now === undefined ? {} : { now: probe.now() };
}
