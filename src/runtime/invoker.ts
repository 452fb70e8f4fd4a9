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
import type { RecordedOutcome } from '../suspension/recorded-outcomes.js';
import { answeredCalls, unusedAnswers } from '../suspension/replay.js';
import { answeredOtherwise, suspensionsOff, unkept } from '../suspension/suspension-results.js';
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

/** Methods in an error. */
const MAX_NAMED = 20;
const SUSPENDED =
  'A handler called an extension and is suspended until resumeHandler() answers it. ' +
  'Pass the extensions to run() to have them called, name them in context.extensionRegistry if you answer them yourself, ' +
  'or pass { suspensions: false } to make it an error. This is said once.';

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

  constructor(parts: HandlerCallsParts) {
    this.#parts = parts;
  }

  /** @param obtain loads the handler */
  execute(context: WasmContext, given: number | ExecuteOptions | undefined, obtain: Obtain): Promise<WasmResult> {
    return this.#counted(() => {
      const { executions } = this.#parts;
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
            : await this.#keep(withTrace(executed, trace), options, origin).finally(executed.letGo);
        if (result.status === 'suspended') this.#warnOfSuspension(context);
        trace.suspended(result, keptAt);
        this.#tell(result, executed, origin);
        return result;
      });
    });
  }

  /** Keeps a handler that waits, unless the caller wants none kept. */
  async #keep(executed: SegmentRun, { suspensions }: ExecuteOptions, origin: EventOrigin): Promise<WasmResult> {
    const { run, waiting, result } = executed;
    if (run === undefined) return result;
    if (suspensions !== false) return this.#parts.suspended.keep(executed, origin);
    const names = new Set(waiting?.calls.map(({ extensionName, method }) => `${extensionName}.${method}`));
    return unkept(result, suspensionsOff([...names].slice(0, MAX_NAMED)), run.origin);
  }

  /** Warns once: a caller that names no extensions may not know that handlers can wait for them. */
  #warnOfSuspension({ extensionRegistry }: WasmContext): void {
    if (this.#hasWarned || extensionRegistry !== undefined) return;
    this.#hasWarned = true;
    this.#parts.telemetry.warn({ code: 'NEXUS_SUSPENDED', message: SUSPENDED });
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
      const claim = await suspended.claim(suspensionId, options);
      if (claim.kind === 'cancelled') {
        telemetry.calledOff('CANCELLED');
        return claim.result;
      }
      // It was counted when it was recorded.
      if (claim.kind === 'recorded') return this.#replay(suspensionId, answers, claim);
      const origin = eventOrigin(claim.run.origin, options);
      return this.#traced('resume', calledAt, origin, claim.run.trace, async (trace) => {
        const claimedAt = performance.now();
        let executed: SegmentRun;
        let matched: readonly CallResult[];
        try {
          matched = readArgument('answers', () => matchAnswers(answers, claim.run.calls));
          executed = await executions.resume(claim.run, matched, options);
        } catch (error) {
          await claim.release();
          throw error;
        }
        trace.executed(executed, claimedAt, false);
        // The caller gave up, or its time was over before a worker started the segment: nothing was
        // delivered, and the handler can be resumed later.
        if (!executed.began || executed.result.error?.code === 'CANCELLED') {
          executed.letGo?.();
          await claim.release();
          this.#tell(executed.result, executed, origin);
          return executed.result;
        }
        const keptAt = performance.now();
        const { result, superseding } = await claim
          .settle(withTrace(executed, trace), answeredCalls(matched, claim.run.calls), origin)
          .catch((error: unknown) => {
            // The segment was executed nevertheless.
            this.#tell(executed.result, executed, origin);
            throw error;
          })
          .finally(executed.letGo);
        trace.suspended(result, keptAt);
        this.#tell(superseding === undefined ? result : executed.result, executed, origin);
        if (superseding !== undefined) return this.#replay(suspensionId, answers, superseding);
        telemetry.resume(suspensionId, result, (performance.now() - calledAt) * 1000, origin);
        return result;
      });
    });
  }

  /**
   * The recorded result of an earlier call.
   *
   * @throws NexusError SUSPENSION_SETTLED when it did not come of these answers
   */
  async #replay(suspensionId: string, answers: unknown, recorded: RecordedOutcome): Promise<WasmResult> {
    const unused = readArgument('answers', () => unusedAnswers(answers, recorded));
    if (unused.length === 0) return recorded.result;
    throw answeredOtherwise(suspensionId, unused, await this.#parts.suspended.currentOf(suspensionId));
  }

  run(code: string | Uint8Array, context: WasmContext, given: RunOptions, probe: RunProbe = {}): Promise<WasmResult> {
    return this.#counted(() => {
      const { sources, executions, suspended, telemetry, surroundings } = this.#parts;
      if (typeof code !== 'string' && !isUint8Array(code)) {
        throw invalidArgument('code', code, 'source text, or an artifact');
      }
      checkContext(context);
      const { extensions, onEffects, deadlineMs, maxCalls, callTimeoutMs, ...rest } = checkRunOptions(given);
      const executeOptions = normaliseOptions(rest);
      const origin = eventOrigin(context, executeOptions);
      const { signal, ...resumeOptions } = executeOptions;
      return this.#traced('run', performance.now(), origin, undefined, async (trace) => {
        let last: WasmResult | undefined;
        const told = async (answers: readonly CallResult[], execute: () => Promise<SegmentRun>) => {
          const startedAt = performance.now();
          const executed = await execute();
          // The run is resumed from its snapshot in memory, which is never compressed.
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
          maxCalls,
          callTimeoutMs,
          resume: (run, answers, options) =>
            told(answers, () => executions.resume(run, answers, { ...options, ...clock() })),
          resumeOptions,
          place: suspended.runPlaces.open(runId),
        });
        const obtain = typeof code === 'string' ? sources.source(code) : sources.artifact(code);
        const known = probe.answersAll ? context : { extensionRegistry: extensions, ...context };
        const result = await loop.drive((stop) =>
          told([], () => executions.call(known, { ...executeOptions, ...clock(), signal: stop }, obtain)),
        );
        if (result.error !== undefined && last?.status === 'suspended') telemetry.calledOff(result.error.code);
        return result;
      });
    });
  }

  /** Cancels the pending runs. */
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

  /** Counts a call that rejects by its error code. */
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

/** Stores the trace context, so that the handler continues this trace when it is resumed. */
function withTrace(executed: SegmentRun, { carrier }: TracedCall): SegmentRun {
  if (executed.run === undefined || carrier === undefined) return executed;
  return { ...executed, run: { ...executed.run, trace: carrier } };
}

/** An invalid context is rejected later, with a specific error. */
function eventOrigin(context: WasmContext, { tenant }: { readonly tenant?: string }): EventOrigin {
  const { handlerName, panelId }: WasmContext = context ?? {};
  const origin: { -readonly [K in keyof EventOrigin]: EventOrigin[K] } = {};
  if (handlerName !== undefined) origin.handlerName = handlerName;
  if (panelId !== undefined) origin.panelId = panelId;
  if (tenant !== undefined) origin.tenant = tenant;
  return origin;
}
