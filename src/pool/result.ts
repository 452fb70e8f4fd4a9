import { inspect } from 'node:util';

import type { CompileResult } from '../compiler/compiled-handler.js';
import type { WasmContext } from '../contract/context.js';
import type { ExecutionMetrics, ExtensionCall, Suspension, WasmError, WasmResult } from '../contract/result.js';
import type { Bounds } from './effects.js';
import type { Execution } from './instance-pool.js';
import { type ReadOutcome, readOutcome } from './outcome.js';
import type { Executed } from './protocol.js';
import type { Interruption } from './watchdog.js';

export interface ResultInputs {
  readonly context: WasmContext;
  readonly bounds: Bounds;
  /** `performance.now()` when the caller called. */
  readonly calledAt: number;
  readonly signal: AbortSignal | undefined;
  /** Told what came out of the VM, whenever something did. */
  readonly onOutcome?: (outcome: ReadOutcome) => void;
}

/** What a worker answered, or how it was stopped, as the result the caller gets. */
export function assembleResult(execution: Execution, handler: CompileResult, inputs: ResultInputs): WasmResult {
  const { context, calledAt, bounds } = inputs;
  if ('interruption' in execution) {
    const error = describeInterruption(execution.interruption, inputs);
    const result = errorResult(error, context, handler);
    return { ...result, metrics: { ...result.metrics, durationUs: execution.runningMs * 1000 } };
  }
  const outcome = readOutcome(execution.executed, handler, bounds);
  inputs.onOutcome?.(outcome);
  const { status, stateMutations, events, viewCommands, logs, calls, error } = outcome;
  return {
    status,
    ...(status === 'success' && { returnValue: outcome.returnValue }),
    stateMutations,
    events,
    viewCommands,
    logs,
    ...(status === 'suspended' && { suspension: describeSuspension(calls) }),
    ...(error && { partial: true, error: withOrigin(error, context) }),
    metrics: executionMetrics(execution.executed, handler, outcome.hostCalls, calledAt),
  };
}

function describeSuspension(calls: readonly ExtensionCall[]): Suspension {
  const [{ extensionName, method, args }] = calls as [ExtensionCall];
  return { extensionName, method, args, calls };
}

/** The caller gave up before there was an execution to stop. */
export function cancelledResult(signal: AbortSignal | undefined, context: WasmContext): WasmResult {
  return errorResult(describeCancellation(signal), context);
}

/** A result without an execution behind it. */
export function errorResult(error: WasmError, context: WasmContext, handler?: CompileResult): WasmResult {
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
  executed: Executed,
  handler: CompileResult,
  hostCalls: number,
  calledAt: number,
): ExecutionMetrics {
  const untilStartMs = executed.startedAtMs - (performance.timeOrigin + calledAt);
  return {
    durationUs: executed.durationUs,
    compilationTimeUs: handler.compilationTimeUs,
    queueTimeUs: Math.max(0, untilStartMs * 1000 - handler.compilationTimeUs),
    memoryUsedBytes: executed.memoryUsedBytes,
    memoryPeakBytes: executed.memoryPeakBytes,
    hostCalls,
    instructionCount: executed.instructionCount,
    cacheHit: handler.tier !== undefined,
    ...(handler.tier !== undefined && { cacheTier: handler.tier }),
  };
}

function describeInterruption(interruption: Interruption, { bounds, signal }: ResultInputs): WasmError {
  if (interruption === 'cancelled') return describeCancellation(signal);
  const { timeoutMs } = bounds.limits;
  return {
    code: 'TIMEOUT',
    message: `The handler ran longer than timeoutMs (${timeoutMs} ms) and did not stop, so its worker was ended; raise timeoutMs to allow more.`,
    context: { limit: 'timeoutMs', value: timeoutMs, layer: 'watchdog' },
  };
}

function describeCancellation(signal: AbortSignal | undefined): WasmError {
  const reason = renderReason(signal?.reason);
  return { code: 'CANCELLED', message: `The execution was cancelled: ${reason}`, context: { reason } };
}

/** Any value can be the reason of an abort, one that cannot be made a string included. */
function renderReason(reason: unknown): string {
  return reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : inspect(reason, { depth: 1 });
}

/** Every error says which handler it was. */
function withOrigin(error: WasmError, { handlerName, panelId }: WasmContext): WasmError {
  if (handlerName === undefined && panelId === undefined) return error;
  const origin = { ...(handlerName !== undefined && { handlerName }), ...(panelId !== undefined && { panelId }) };
  return { ...error, context: { ...error.context, ...origin } };
}
