import type { CompileResult } from '../compiler/compiled-handler.js';
import type { WasmContext } from '../contract/context.js';
import type { ExecutionMetrics, WasmError, WasmResult } from '../contract/result.js';
import type { Execution, Interruption } from './instance-pool.js';
import { type Bounds, readOutcome } from './outcome.js';
import type { Executed } from './protocol.js';

export interface ResultInputs {
  readonly context: WasmContext;
  readonly bounds: Bounds;
  /** `performance.now()` when the caller called. */
  readonly calledAt: number;
  readonly signal: AbortSignal | undefined;
}

/** What a worker answered, or how it was stopped, as the result the caller gets. */
export function assembleResult(execution: Execution, handler: CompileResult, inputs: ResultInputs): WasmResult {
  const { context, calledAt, bounds } = inputs;
  if ('interruption' in execution) {
    const error = describeInterruption(execution.interruption, inputs);
    return errorResult(error, context, performance.now() - calledAt, handler);
  }
  const { hostCalls, error, ...outcome } = readOutcome(execution.executed, handler, bounds);
  return {
    ...outcome,
    ...(error && { error: withOrigin(error, context) }),
    metrics: executionMetrics(execution.executed, handler, hostCalls, calledAt),
  };
}

/** A result without an execution behind it. */
export function errorResult(
  error: WasmError,
  context: WasmContext,
  elapsedMs: number,
  handler?: CompileResult,
): WasmResult {
  return {
    status: 'error',
    stateMutations: [],
    events: [],
    viewCommands: [],
    logs: [],
    error: withOrigin(error, context),
    metrics: {
      durationUs: 0,
      compilationTimeUs: handler?.compilationTimeUs ?? elapsedMs * 1000,
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
  if (interruption === 'cancelled') {
    const reason = signal?.reason instanceof Error ? signal.reason.message : String(signal?.reason);
    return { code: 'CANCELLED', message: `The execution was cancelled: ${reason}`, context: { reason } };
  }
  const { timeoutMs } = bounds.limits;
  return {
    code: 'TIMEOUT',
    message: `The handler ran longer than timeoutMs (${timeoutMs} ms) and did not stop; its worker was ended.`,
    context: { limit: 'timeoutMs', value: timeoutMs, layer: 'watchdog' },
  };
}

/** Every error says which handler it was. */
function withOrigin(error: WasmError, { handlerName, panelId }: WasmContext): WasmError {
  if (handlerName === undefined && panelId === undefined) return error;
  const origin = { ...(handlerName !== undefined && { handlerName }), ...(panelId !== undefined && { panelId }) };
  return { ...error, context: { ...error.context, ...origin } };
}
