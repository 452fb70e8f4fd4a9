import type { ErrorResult, ExecutionMetrics, ExtensionCall, WasmError, WasmResult } from '../../api/result.js';
import type { CompileResult } from '../../compiler/compiled-handler.js';
import type { Execution } from '../../pool/handler-pool.js';
import type { Interruption } from '../../pool/job.js';
import type { Checkpoint } from '../../protocol/checkpoint.js';
import { type DeadlineLayer, deadlineFailure } from '../../protocol/deadline.js';
import { limitContext } from '../../protocol/limit-failures.js';
import type { ExecutionReply } from '../../protocol/messages.js';
import type { Mutable } from '../../support/mutable.js';
import { renderReason } from '../../support/render-reason.js';
import { performance } from '../../support/timers.js';
import type { CallBounds } from '../../support/waiting.js';
import { type Origin, withOrigin } from '../origin.js';
import { withoutOwnCalls } from '../own-call-kinds.js';
import { type Bounds, malformed } from './effects.js';
import type { LocatableHandler } from './guest-error.js';
import { type ReadOutcome, readOutcome } from './outcome.js';

export interface ResultInputs {
  readonly context: Origin;
  readonly bounds: Bounds;
  /** `performance.now()` at the time of the call. */
  readonly calledAt: number;
  readonly signal: AbortSignal | undefined;
  /** Deadline of the whole call, in milliseconds. */
  readonly deadlineMs: number | undefined;
  /** How long the handler was suspended before, in microseconds. */
  readonly suspendedTimeUs?: number;
  /** Host calls of the previous segments: the guest continues counting. */
  readonly hostCallsBefore: number;
}

/** A waiting handler, with the data for resuming it. */
export interface Waiting {
  /** Empty if there is a checkpoint. */
  readonly snapshot: Uint8Array;
  readonly checkpoint: Checkpoint | undefined;
  /** From when the clock of the handler began, in milliseconds; undefined if it began in an earlier segment. */
  readonly clockMs: number | undefined;
  readonly imageHash: string;
  readonly features: number;
  readonly calls: readonly ExtensionCall[];
  /** Calls that nothing waits for: the handler has ended, and made them before its last segment. */
  readonly leftCalls: readonly ExtensionCall[];
}

/** One execution, up to its end or the next suspension. */
export interface Segment {
  readonly result: WasmResult;
  /** The outcome, if there is one. */
  readonly outcome?: ReadOutcome;
  /** Present when the status is `'suspended'`. */
  readonly waiting?: Waiting;
}

/**
 * Assembles the caller's result from a worker's reply, or from the way in which the execution was stopped.
 *
 * @returns a promise if reading takes long, see {@link readOutcome}
 */
export function assembleSegment(
  execution: Execution,
  handler: CompileResult & LocatableHandler,
  inputs: ResultInputs,
): Segment | Promise<Segment> {
  const { context, bounds } = inputs;
  if ('interruption' in execution) {
    const error = describeInterruption(execution, inputs);
    const result = errorResult(error, context, handler);
    const durationUs = execution.runningMs * 1000;
    const sinceCallUs = (performance.now() - inputs.calledAt) * 1000;
    const queueTimeUs = Math.max(0, sinceCallUs - handler.compilationTimeUs - durationUs);
    return { result: { ...result, metrics: { ...result.metrics, durationUs, queueTimeUs } } };
  }
  const { executed } = execution;
  const outcome = readOutcome(executed, handler, bounds);
  if (outcome instanceof Promise) return outcome.then((read) => segmentOf(executed, read, handler, inputs));
  return segmentOf(executed, outcome, handler, inputs);
}

function segmentOf(
  executed: ExecutionReply,
  outcome: ReadOutcome,
  handler: CompileResult,
  inputs: ResultInputs,
): Segment {
  const { context, hostCallsBefore } = inputs;
  const { stateMutations, events, viewCommands, logs, calls } = outcome;
  const waiting = outcome.status === 'suspended' ? waitingOf(executed, calls, outcome.leftCalls) : undefined;
  // The guest says that it waits, and its prelude does not know of it.
  const error = outcome.status === 'suspended' && waiting === undefined ? malformed('calls').error : outcome.error;
  const status = error === undefined ? outcome.status : 'error';
  const metrics = executionMetrics(executed, handler, Math.max(0, outcome.hostCalls - hostCallsBefore), inputs);
  // Most results, as a literal: spreading into one takes longer than the rest.
  if (status === 'success' && calls.length === 0) {
    const { returnValue } = outcome;
    return { result: { status, returnValue, stateMutations, events, viewCommands, logs, metrics }, outcome };
  }
  // Nor of what waits for calls alone.
  if (status === 'suspended' && waiting !== undefined && outcome.leftCalls === 0) {
    const result = { status, stateMutations, events, viewCommands, logs, metrics } as WasmResult;
    return { result, outcome, waiting };
  }
  const unawaitedCalls = withoutOwnCalls(status === 'suspended' ? (waiting?.leftCalls ?? []) : calls);
  const end =
    error === undefined
      ? status === 'suspended' && { status }
      : { status: 'error', partial: true, error: withOrigin(error, context) };
  const result = {
    ...(end || { status, returnValue: outcome.returnValue }),
    stateMutations,
    events,
    viewCommands,
    logs,
    ...(unawaitedCalls.length > 0 && { unawaitedCalls }),
    metrics,
    // One that waits gets its `suspension` once it is kept.
  } as WasmResult;
  return { result, outcome, ...(waiting && { waiting }) };
}

const NO_SNAPSHOT = new Uint8Array(0);

function waitingOf(
  { snapshot, checkpoint, imageHash, features, clockMs }: ExecutionReply,
  calls: readonly ExtensionCall[],
  left: number,
): Waiting | undefined {
  if (imageHash === undefined || features === undefined) return undefined;
  if (snapshot === undefined && checkpoint === undefined) return undefined;
  return {
    snapshot: snapshot ?? NO_SNAPSHOT,
    checkpoint,
    clockMs,
    imageHash,
    features,
    calls: left === 0 ? calls : calls.slice(left),
    leftCalls: calls.slice(0, left),
  };
}

/** The result for a caller that gave up before the execution started. */
export function cancelledResult(signal: AbortSignal | undefined, context: Origin): ErrorResult {
  return errorResult(describeCancellation(signal), context);
}

/** The result for a deadline that passed before the execution started. */
export function lateResult(deadlineMs: number, layer: DeadlineLayer, context: Origin): WasmResult {
  return errorResult(deadlineFailure({ ms: deadlineMs }, layer), context);
}

/** The result of a call that was stopped while it waited: by its signal, or because its time was over. */
export function stoppedResult({ signal, deadlineMs }: CallBounds, layer: DeadlineLayer, context: Origin): WasmResult {
  if (deadlineMs === undefined || signal?.aborted) return cancelledResult(signal, context);
  return lateResult(deadlineMs, layer, context);
}

/** A result without an execution. */
export function errorResult(error: WasmError, context: Origin, handler?: CompileResult): ErrorResult {
  return {
    status: 'error',
    stateMutations: [],
    events: [],
    viewCommands: [],
    logs: [],
    partial: true,
    error: withOrigin(error, context),
    metrics: {
      durationUs: 0,
      ...(handler !== undefined && { compilationTimeUs: handler.compilationTimeUs }),
      queueTimeUs: 0,
      memoryUsedBytes: 0,
      memoryPeakBytes: 0,
      hostCalls: 0,
      instructionCount: 0,
      cacheHit: handler?.tier !== undefined,
      ...(handler?.tier !== undefined && { cacheTier: handler.tier }),
    },
  };
}

function executionMetrics(
  executed: ExecutionReply,
  handler: CompileResult,
  hostCalls: number,
  { calledAt, suspendedTimeUs }: ResultInputs,
): ExecutionMetrics {
  const untilStartMs = executed.startedAtMs - (performance.timeOrigin + calledAt);
  const metrics: Mutable<ExecutionMetrics> = {
    durationUs: executed.durationUs,
    compilationTimeUs: handler.compilationTimeUs,
    queueTimeUs: Math.max(0, untilStartMs * 1000 - handler.compilationTimeUs),
    memoryUsedBytes: executed.memoryUsedBytes,
    memoryPeakBytes: executed.memoryPeakBytes,
    hostCalls,
    instructionCount: executed.instructionCount,
    cacheHit: handler.tier !== undefined,
  };
  if (suspendedTimeUs !== undefined) metrics.suspendedTimeUs = suspendedTimeUs;
  if (handler.tier !== undefined) metrics.cacheTier = handler.tier;
  return metrics;
}

/**
 * Adds the metrics of the next segment of a run to those of the run: usage is added, and the origin of the
 * bytecode is that of the first segment.
 */
export function addMetrics(sofar: ExecutionMetrics, next: ExecutionMetrics): ExecutionMetrics {
  const sum = { ...sofar };
  addMetricsTo(sum, next);
  return sum;
}

/** {@link addMetrics} in place. */
export function addMetricsTo(sum: Mutable<ExecutionMetrics>, next: ExecutionMetrics): void {
  sum.durationUs += next.durationUs;
  sum.queueTimeUs += next.queueTimeUs;
  sum.suspendedTimeUs = (sum.suspendedTimeUs ?? 0) + (next.suspendedTimeUs ?? 0);
  sum.memoryUsedBytes = Math.max(sum.memoryUsedBytes, next.memoryUsedBytes);
  sum.memoryPeakBytes = Math.max(sum.memoryPeakBytes, next.memoryPeakBytes);
  sum.hostCalls += next.hostCalls;
  sum.instructionCount += next.instructionCount;
}

function describeInterruption(
  { interruption, runningMs }: { readonly interruption: Interruption; readonly runningMs: number },
  { bounds, signal, deadlineMs }: ResultInputs,
): WasmError {
  if (interruption === 'cancelled') return describeCancellation(signal);
  const { timeoutMs } = bounds.limits;
  if (deadlineMs !== undefined && (interruption === 'deadline' || runningMs < timeoutMs)) {
    return deadlineFailure({ ms: deadlineMs }, interruption === 'deadline' ? 'queue' : 'watchdog');
  }
  return {
    code: 'TIMEOUT',
    message: `The handler ran longer than timeoutMs (${timeoutMs} ms) and did not stop, so its worker was ended.`,
    context: { ...limitContext('timeoutMs', timeoutMs), layer: 'watchdog' },
  };
}

function describeCancellation(signal: AbortSignal | undefined): WasmError {
  const reason = renderReason(signal?.reason);
  return { code: 'CANCELLED', message: `The execution was cancelled: ${reason}`, context: { reason } };
}
