import { isUint8Array } from 'node:util/types';
import type { AsyncResult, CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { EventOrigin } from '../api/observer.js';
import type { ExtensionCall, WasmResult } from '../api/result.js';
import type { TraceCarrier, TracedCallName, Tracing } from '../api/tracing.js';
import type { HandlerLoader, Obtain } from '../compiler/handler-loader.js';
import { invalidArgument, readArgument, requireText } from '../config/check.js';
import { matchAnswers } from '../execution/request/answers.js';
import { checkContext } from '../execution/request/build-request.js';
import {
  type ExecuteOptions,
  normaliseOptions,
  normaliseResumeOptions,
  type ResumeOptions,
} from '../execution/request/execute-options.js';
import { originOf } from '../execution/result/result.js';
import type { SegmentRun, SegmentRunner } from '../execution/segment-runner.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { Environment } from '../support/environment.js';
import type { InFlight } from '../support/in-flight.js';
import type { Suspensions } from '../suspension/suspensions.js';
import { TracedCall } from './call-tracing.js';
import { ExtensionMethods } from './run/extension-methods.js';
import { RunLoop } from './run/run-driver.js';
import { checkRunOptions, type RunOptions } from './run/run-options.js';
import type { RunProbe } from './run/run-probe.js';

export interface HandlerCallsParts {
  readonly calls: InFlight;
  readonly sources: HandlerLoader;
  readonly executions: SegmentRunner;
  readonly suspended: Suspensions;
  readonly telemetry: Telemetry;
  readonly tracing: Tracing | undefined;
  readonly surroundings: Environment;
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

  /** @param obtain where the handler comes from */
  execute(context: WasmContext, given: number | ExecuteOptions | undefined, obtain: Obtain): Promise<WasmResult> {
    return this.#counted(async () => {
      const { executions, suspended } = this.#parts;
      const calledAt = performance.now();
      const options = normaliseOptions(given);
      checkContext(context);
      const origin = eventOrigin(context, options);
      return this.#traced('execute', calledAt, origin, undefined, async (trace) => {
        const executed = await executions.call(context, options, obtain);
        trace.executed(executed, calledAt, true);
        const keptAt = performance.now();
        const result =
          executed.run === undefined
            ? executed.result
            : await suspended.keep(withTrace(executed, trace), origin).finally(executed.letGo);
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
      const { executions, suspended, telemetry } = this.#parts;
      const calledAt = performance.now();
      requireText('suspensionId', suspensionId);
      const options = normaliseResumeOptions(given);
      const claim = await suspended.claim(suspensionId, options.signal);
      if (!('run' in claim)) {
        // An outcome that was recorded was counted then; who gave up waiting for it was not.
        if (options.signal?.aborted && claim.error?.code === 'CANCELLED') telemetry.calledOff('CANCELLED');
        return claim;
      }
      const origin = eventOrigin(claim.run.origin, options);
      return this.#traced('resume', calledAt, origin, claim.run.trace, async (trace) => {
        const claimedAt = performance.now();
        let executed: SegmentRun;
        try {
          const matched = readArgument('answers', () => matchAnswers(answers, claim.run.calls));
          executed = await executions.resume(claim.run, matched, options);
        } catch (error) {
          await claim.release();
          throw error;
        }
        trace.executed(executed, claimedAt, false);
        // The caller gave up, or its time was over before it began: nothing was delivered, and somebody may want to resume it later.
        if (!executed.began || executed.result.error?.code === 'CANCELLED') {
          executed.letGo?.();
          await claim.release();
          this.#tell(executed.result, executed, origin);
          return executed.result;
        }
        const keptAt = performance.now();
        const { result, isRecorded } = await claim
          .settle(withTrace(executed, trace), origin)
          .catch((error: unknown) => {
            // It was executed all the same.
            this.#tell(executed.result, executed, origin);
            throw error;
          })
          .finally(executed.letGo);
        trace.suspended(result, keptAt);
        this.#tell(isRecorded ? result : executed.result, executed, origin);
        if (isRecorded) telemetry.resume(suspensionId, result, (performance.now() - calledAt) * 1000, origin);
        return result;
      });
    });
  }

  run(code: string | Uint8Array, context: WasmContext, given: RunOptions, probe: RunProbe = {}): Promise<WasmResult> {
    return this.#counted(() => {
      const { sources, executions, suspended, telemetry, surroundings } = this.#parts;
      if (typeof code !== 'string' && !isUint8Array(code)) {
        throw invalidArgument('code', code, 'source text, or an artifact');
      }
      checkContext(context);
      const { extensions, onEffects, onLog, deadlineMs, callTimeoutMs, ...rest } = checkRunOptions(given);
      const executeOptions = normaliseOptions(rest);
      const origin = eventOrigin(context, executeOptions);
      const { signal, ...resumeOptions } = executeOptions;
      return this.#traced('run', performance.now(), origin, undefined, async (trace) => {
        let last: WasmResult | undefined;
        const told = async (answers: readonly CallResult[], execute: () => Promise<SegmentRun>) => {
          const startedAt = performance.now();
          const executed = await execute();
          // It goes on from the snapshot as it is.
          executed.letGo?.();
          trace.executed(executed, startedAt, last === undefined);
          last = loop.withRunError(executed.result);
          this.#tell(last, executed, origin);
          probe.onSegment?.(answers, last);
          return executed;
        };
        const runId = surroundings.newRunId();
        const methods = new ExtensionMethods(extensions);
        const byExtension = (call: ExtensionCall) => methods.call(call);
        const clock = () => (probe.now === undefined ? {} : { now: probe.now() });
        const loop: RunLoop = new RunLoop({
          answer: (call) => probe.answer?.(call, () => byExtension(call)) ?? byExtension(call),
          runId,
          onEffects,
          signal,
          closing: this.#closing.signal,
          origin: originOf(context),
          deadlineMs,
          callTimeoutMs,
          resume: (run, answers, options) =>
            told(answers, () => executions.resume(run, answers, { ...options, ...clock() }, onLog)),
          resumeOptions,
          place: suspended.runPlaces.open(runId),
        });
        const obtain = typeof code === 'string' ? sources.source(code) : sources.artifact(code);
        const known = probe.answersAll ? context : { extensionRegistry: extensions, ...context };
        const result = await loop.drive((stop) =>
          told([], () => executions.call(known, { ...executeOptions, ...clock(), signal: stop }, obtain, onLog)),
        );
        if (result.error !== undefined && last?.status === 'suspended') telemetry.calledOff(result.error.code);
        return result;
      });
    });
  }

  /** Calls off runs. */
  close(): void {
    this.#closing.abort(new Error('the runtime is shutting down'));
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
function withTrace(executed: SegmentRun, { carrier }: TracedCall): SegmentRun {
  if (executed.run === undefined || carrier === undefined) return executed;
  return { ...executed, run: { ...executed.run, trace: carrier } };
}

/** What is no context is refused later, with its own error. */
function eventOrigin(context: WasmContext, { tenant }: { readonly tenant?: string }): EventOrigin {
  const { handlerName, panelId }: WasmContext = context ?? {};
  const origin: { -readonly [K in keyof EventOrigin]: EventOrigin[K] } = {};
  if (handlerName !== undefined) origin.handlerName = handlerName;
  if (panelId !== undefined) origin.panelId = panelId;
  if (tenant !== undefined) origin.tenant = tenant;
  return origin;
}
