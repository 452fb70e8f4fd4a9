import { isUint8Array } from 'node:util/types';
import type { AsyncResult, CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { EventOrigin } from '../api/observing/observer.js';
import type { TraceCarrier, TracedCallName, Tracing } from '../api/observing/tracing.js';
import type { WasmResult } from '../api/result.js';
import { type HandlerRef, LoadedHandler } from '../compiler/handler-loader.js';
import { invalidArgument, readArgument, requireText } from '../config/check.js';
import type { NetworkConfig } from '../config/resolve-network.js';
import { eventOriginOf, originOf } from '../execution/origin.js';
import { checkAnswers, matchAnswers } from '../execution/request/answers.js';
import { checkContext } from '../execution/request/build-request.js';
import {
  type ExecuteOptions,
  normaliseOptions,
  normaliseResumeOptions,
  type ResumeOptions,
} from '../execution/request/execute-options.js';
import { errorResult, stoppedResult } from '../execution/result/result.js';
import { notBegun, type SegmentRun, type SegmentRunner } from '../execution/segment-runner.js';
import type { WaitingRun } from '../execution/waiting-run.js';
import type { Telemetry } from '../metrics/telemetry.js';
import { debug } from '../support/debug.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import type { InFlight } from '../support/in-flight.js';
import { parseSuspensionId } from '../support/run-ids.js';
import { performance } from '../support/timers.js';
import { abortableWithin, type CallBounds, eitherSignal } from '../support/waiting.js';
import type { RecordedOutcome } from '../suspension/recorded-outcomes.js';
import { answeredCalls, callIdsOf, compareAnswers, lateAnswers } from '../suspension/replay.js';
import type { AnsweredCalls } from '../suspension/sealed/outcome-shape.js';
import type { Settlement } from '../suspension/settlements.js';
import {
  answeredBefore,
  answeredOtherwise,
  MAY_BE_UNEXPECTED,
  suspensionsOff,
  unkept,
} from '../suspension/suspension-results.js';
import type { Claim, Suspensions } from '../suspension/suspensions.js';
import { AnswerMismatches } from './answer-mismatches.js';
import { TracedCall } from './call-tracing.js';
import { hasOwnCalls, type ResumeProbe, withOwnAnswers } from './own/own-answers.js';
import { Requests } from './own/requests.js';
import type { Quotas } from './quota/quotas.js';
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
  /** Undefined if there is no quota. */
  readonly quotas: Quotas | undefined;
  readonly environment: RuntimeEnvironment;
  readonly network: NetworkConfig | undefined;
}

/** Methods named in an error. */
const MAX_NAMED = 20;

function refOf(code: string | Uint8Array | LoadedHandler): HandlerRef {
  if (typeof code === 'string') return { source: code };
  if (LoadedHandler.is(code)) return code;
  if (isUint8Array(code)) return { artifact: code };
  throw invalidArgument('code', code, 'source text, or an artifact');
}

/** Shared by all calls if there is no tracing. */
const UNTRACED = new TracedCall();

/**
 * Executes the calls of a runtime, from their arguments to their results: each is counted, traced, kept if it
 * waits, and reported to observers.
 */
export class Invoker {
  readonly #parts: HandlerCallsParts;
  /** Aborted when the drain timeout has passed. */
  readonly #closing = new AbortController();
  #hasWarned = false;
  readonly #mismatches: AnswerMismatches;
  readonly #requests: Requests;

  constructor(parts: HandlerCallsParts) {
    this.#parts = parts;
    const { network, telemetry, environment } = parts;
    this.#mismatches = new AnswerMismatches(telemetry);
    this.#requests = new Requests(network, telemetry, environment, this.#closing.signal);
  }

  execute(handler: HandlerRef, context: WasmContext, given: number | ExecuteOptions | undefined): Promise<WasmResult> {
    return this.#counted(() => {
      const { executions } = this.#parts;
      const calledAt = performance.now();
      const options = normaliseOptions(given, 'artifact' in handler);
      checkContext(context);
      const origin = eventOriginOf(context, options.tenant);
      return this.#traced(
        'execute',
        calledAt,
        origin,
        undefined,
        async (trace) => {
          const executed = await executions.call(handler, context, options);
          trace.executed(executed, calledAt, true);
          const keptAt = performance.now();
          const { waiting } = executed;
          const result =
            waiting === undefined
              ? executed.result
              : await this.#keep(executed, withTrace(waiting, trace), options, origin).finally(waiting.letGo);
          if (result.suspension?.calls.length && options.suspensions !== true) this.#warnOfSuspension(context);
          trace.suspended(result, keptAt);
          this.#notify(result, executed, origin, true);
          return result;
        },
        options,
      );
    });
  }

  /** Of any number of callers at the same time, one resumes the handler. */
  resume(
    suspensionId: string,
    answers: AsyncResult | readonly CallResult[],
    given: number | ResumeOptions,
    probe: ResumeProbe = {},
  ): Promise<WasmResult> {
    return this.#counted(async () => {
      const { suspended, telemetry } = this.#parts;
      const calledAt = performance.now();
      requireText('suspensionId', suspensionId);
      const options = normaliseResumeOptions(given);
      const claim = await suspended.claim(suspensionId, options);
      if (claim.kind === 'cancelled') {
        telemetry.calledOff('CANCELLED');
        return claim.result;
      }
      // It was counted when it was recorded.
      if (claim.kind === 'recorded') return this.#replay(suspensionId, answers, claim);
      const origin = eventOriginOf(claim.run.origin, options.tenant ?? claim.run.tenant);
      return this.#traced(
        'resume',
        calledAt,
        origin,
        claim.run.trace,
        async (trace) => {
          const within = eitherSignal(options.signal, claim.lost);
          const bounded = { ...options, signal: within.signal };
          const { executed, used, taken } = await this.#resumeClaimed(claim, answers, bounded, trace, probe).finally(
            within.release,
          );
          if (claim.lost.aborted) {
            executed.waiting?.letGo();
            this.#notify(executed.result, executed, origin, false);
            return this.#replay(suspensionId, answers, await claim.superseded());
          }
          // The caller gave up, or its time was over before a worker started the segment: nothing was
          // delivered, and the handler can be resumed later.
          if (!executed.began || executed.result.error?.code === 'CANCELLED') {
            executed.waiting?.letGo();
            await claim.release();
            this.#notify(executed.result, executed, origin, false);
            return executed.result;
          }
          const keptAt = performance.now();
          const { result, superseding } = await this.#settle(claim, executed, used, trace, origin);
          this.#requests.forget(runIdOf(claim), taken);
          trace.suspended(result, keptAt);
          this.#notify(superseding === undefined ? result : executed.result, executed, origin, false);
          if (superseding !== undefined) return this.#replay(suspensionId, answers, superseding);
          telemetry.resume(suspensionId, result, (performance.now() - calledAt) * 1000, origin);
          return result;
        },
        options,
        claim.release,
      );
    });
  }

  run(
    code: string | Uint8Array | LoadedHandler,
    context: WasmContext,
    given: RunOptions,
    probe: RunProbe = {},
  ): Promise<WasmResult> {
    return this.#counted(() => {
      const handler = refOf(code);
      checkContext(context);
      const options = checkRunOptions(given);
      const executeOptions = normaliseOptions(options.rest, 'artifact' in handler);
      const origin = eventOriginOf(context, executeOptions.tenant);
      const known = probe.answersAll ? context : { extensionRegistry: options.extensions, ...context };
      return this.#traced(
        'run',
        performance.now(),
        origin,
        undefined,
        async (trace) => {
          const { executions, telemetry } = this.#parts;
          const onSegment = ({ executed, result, answers, isFirst, startedAt }: DrivenSegment) => {
            trace.executed(executed, startedAt, isFirst);
            this.#notify(result, executed, origin, isFirst);
            probe.onSegment?.(answers, result);
          };
          const runId = probe.runId ?? this.#parts.environment.newRunId();
          const loop = this.#runLoop(runId, context, options, executeOptions, probe, onSegment);
          const result = await loop.drive((signal) =>
            executions.call(
              handler,
              known,
              { ...executeOptions, ...clockOf(probe), signal },
              options.onLog,
              runId,
              true,
            ),
          );
          if (result.error !== undefined && loop.isWaiting) telemetry.calledOff(result.error.code);
          return result;
        },
        { signal: executeOptions.signal, deadlineMs: options.deadlineMs },
      );
    });
  }

  /** Cancels runs. */
  close(): void {
    this.#closing.abort(new Error('the runtime is shutting down'));
  }

  /** Keeps a handler that waits, unless the caller wants none kept. */
  async #keep(
    executed: SegmentRun,
    waiting: WaitingRun,
    { suspensions }: ExecuteOptions,
    origin: EventOrigin,
  ): Promise<WasmResult> {
    if (suspensions !== false) return this.#parts.suspended.keep(executed, waiting, origin);
    const names = new Set(waiting.calls.map(({ extensionName, method }) => `${extensionName}.${method}`));
    return unkept(executed.result, suspensionsOff([...names].slice(0, MAX_NAMED)), waiting.run.origin);
  }

  /** Warns once: a caller that names no extensions may not know that handlers can wait for them. */
  #warnOfSuspension({ extensionRegistry }: WasmContext): void {
    if (this.#hasWarned || extensionRegistry !== undefined) return;
    this.#hasWarned = true;
    this.#parts.telemetry.warn(MAY_BE_UNEXPECTED);
  }

  /**
   * The recorded result of an earlier call.
   *
   * @throws NexusError SUSPENSION_SETTLED if it did not come of these answers
   */
  async #replay(suspensionId: string, answers: unknown, recorded: RecordedOutcome): Promise<WasmResult> {
    readArgument('answers', () => checkAnswers(answers));
    const compared = compareAnswers(answers, recorded);
    if (compared.unused.length === 0) return recorded.result;
    throw answeredOtherwise(suspensionId, compared, await this.#parts.suspended.currentOf(suspensionId));
  }

  async #resumeClaimed(
    claim: Claim,
    answers: AsyncResult | readonly CallResult[],
    options: ResumeOptions,
    trace: TracedCall,
    probe: ResumeProbe,
  ): Promise<{ readonly executed: SegmentRun; readonly used: AnsweredCalls; readonly taken: readonly CallResult[] }> {
    const claimedAt = performance.now();
    try {
      const late = readArgument('answers', () => lateAnswers(answers, claim.run));
      if (late.length > 0) throw answeredBefore(claim.id, late, callIdsOf(answers));
      const matched = readArgument('answers', () => matchAnswers(answers, claim.run.calls, hasOwnCalls(claim.run)));
      const runId = runIdOf(claim);
      const { run, id: suspensionId } = claim;
      const { environment } = this.#parts;
      const { signal, deadlineMs } = options;
      const requests = this.#requests;
      const given = { suspensionId, runId, run, given: matched, environment, requests, probe, signal, deadlineMs };
      const all = await withOwnAnswers(given);
      if (all.length === 0) {
        const stopped = notBegun(stoppedResult(options, 'queue', run.origin));
        return { executed: stopped, used: answeredCalls([], run.calls), taken: all };
      }
      const executed = await this.#parts.executions.resume(claim.run, all, options, undefined, runId);
      trace.executed(executed, claimedAt, false);
      return { executed, used: answeredCalls(matched, claim.run.calls), taken: all };
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  async #settle(
    claim: Claim,
    executed: SegmentRun,
    used: AnsweredCalls,
    trace: TracedCall,
    origin: EventOrigin,
  ): Promise<Settlement> {
    const { waiting } = executed;
    const traced = waiting ? { ...executed, waiting: withTrace(waiting, trace) } : executed;
    try {
      return await claim.settle(traced, used, origin);
    } catch (error) {
      // The segment was executed nevertheless.
      this.#notify(executed.result, executed, origin, false);
      throw error;
    } finally {
      waiting?.letGo();
    }
  }

  #runLoop(
    runId: string,
    context: WasmContext,
    { extensions, onEffects, onLog, deadlineMs, maxCalls, callTimeoutMs }: CheckedRunOptions,
    { signal, ...resumeOptions }: ExecuteOptions,
    probe: RunProbe,
    onSegment: (segment: DrivenSegment) => void,
  ): RunLoop {
    const { executions, suspended } = this.#parts;
    const methods = new ExtensionMethods(extensions, (fault) => this.#mismatches.warn(fault));
    return new RunLoop({
      request: (pending, run, signal) => this.#requests.make(pending, { run, runId, signal, mock: probe.request }),
      environment: this.#parts.environment,
      answer: (call) =>
        probe.answer === undefined ? methods.begin(call) : probe.answer(call, () => methods.call(call)),
      onCallError: (error) => {
        if (probe.answer === undefined) methods.noteFault(error);
      },
      runId,
      onEffects,
      signal,
      closing: this.#closing.signal,
      origin: originOf(context),
      deadlineMs,
      maxCalls,
      callTimeoutMs,
      resume: (run, answers, options, isLive = true) =>
        executions.resume(run, answers, probe.now ? { ...options, now: probe.now() } : options, onLog, runId, isLive),
      resumeOptions,
      onSegment,
      // Its id may have been chosen, and then several runs may have it.
      place: suspended.runPlaces.open(probe.runId === undefined ? runId : this.#parts.environment.newRunId()),
      keep: probe.keep,
    });
  }

  #traced(
    name: TracedCallName,
    calledAt: number,
    origin: EventOrigin,
    carrier: TraceCarrier | undefined,
    call: (trace: TracedCall) => Promise<WasmResult>,
    bounds: CallBounds,
    release?: () => Promise<void>,
  ): Promise<WasmResult> {
    const { tracing, quotas } = this.#parts;
    if (debug.call.hasSubscribers) debug.call.publish({ step: 'begun', call: name, ...origin });
    const admitted = quotas === undefined ? call : this.#underQuota(quotas, name, origin, call, bounds, release);
    if (tracing === undefined) return admitted(UNTRACED);
    return this.#trace(new TracedCall(tracing, name, calledAt, origin, carrier), admitted);
  }

  /** @param release called if the call may not begin */
  #underQuota(
    quotas: Quotas,
    name: TracedCallName,
    origin: EventOrigin,
    call: (trace: TracedCall) => Promise<WasmResult>,
    bounds: CallBounds,
    release: () => Promise<void> = async () => {},
  ): (trace: TracedCall) => Promise<WasmResult> {
    return async (trace) => {
      const asked = quotas.begin(name, origin);
      const refusal = await abortableWithin(() => asked, bounds).catch(async (error: unknown) => {
        await release();
        throw error;
      });
      if (refusal === 'aborted') {
        // It may still be admitted, and is then over at once.
        asked.then((late) => late === undefined && quotas.end(origin)).catch(() => {});
        await release();
        const stopped = notBegun(stoppedResult(bounds, 'queue', originOf(origin)));
        this.#notify(stopped.result, stopped, origin, name !== 'resume');
        return stopped.result;
      }
      if (refusal === undefined) return call(trace).finally(() => quotas.end(origin));
      await release();
      const refused = notBegun(errorResult(refusal, originOf(origin)));
      this.#notify(refused.result, refused, origin, name !== 'resume');
      return refused.result;
    };
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

  #notify(result: WasmResult, { began, amounts }: SegmentRun, origin: EventOrigin, isFirst: boolean): void {
    const { telemetry, quotas } = this.#parts;
    telemetry.execution(result, began, origin);
    if (began) telemetry.usage(result, amounts, isFirst, origin, quotas?.usageOf(origin));
  }

  /** A rejected call is counted by its code. */
  async #counted(call: () => Promise<WasmResult>): Promise<WasmResult> {
    const { calls, telemetry } = this.#parts;
    try {
      calls.enter();
      try {
        return await call();
      } finally {
        calls.leave();
      }
    } catch (error) {
      telemetry.rejection(error);
      throw error;
    }
  }
}

function runIdOf({ id }: Claim): string {
  return parseSuspensionId(id)?.runId ?? '';
}

/** A handler that waits continues in this trace. */
function withTrace(waiting: WaitingRun, { carrier }: TracedCall): WaitingRun {
  if (carrier === undefined) return waiting;
  return { ...waiting, run: { ...waiting.run, trace: carrier } };
}

/** The clock of the segment that starts. */
function clockOf(probe: RunProbe): { readonly now?: number } {
  return probe.now === undefined ? {} : { now: probe.now() };
}
