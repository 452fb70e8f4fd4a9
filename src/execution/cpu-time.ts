import type { ExecutionLimits } from '../api/limits.js';
import type { WasmError, WasmResult } from '../api/result.js';
import { limitContext } from '../protocol/limit-failures.js';

/** Why a handler is not resumed that has used up its `maxCpuMs`. */
export function cpuTimeSpent({ maxCpuMs }: ExecutionLimits, usedMs: number): WasmError | undefined {
  if (usedMs < maxCpuMs) return undefined;
  return {
    code: 'TIMEOUT',
    message: `The handler ran longer than maxCpuMs (${maxCpuMs} ms), all its segments together.`,
    context: { ...limitContext('maxCpuMs', maxCpuMs), used: Math.round(usedMs) },
  };
}

/** The least that a segment gets, so that it can begin. */
const MIN_SEGMENT_MS = 1;

/**
 * The limits of a segment: its `timeoutMs` ends with `maxCpuMs`.
 *
 * @param usedMs time in the VM of the segments before it
 */
export function withinCpuTime(limits: ExecutionLimits, usedMs: number): ExecutionLimits {
  const leftMs = limits.maxCpuMs - usedMs;
  if (leftMs >= limits.timeoutMs) return limits;
  return { ...limits, timeoutMs: Math.max(MIN_SEGMENT_MS, Math.ceil(leftMs)) };
}

/**
 * Says of a segment that was stopped by its share of `maxCpuMs` what it was stopped by.
 *
 * @param limits without what {@link withinCpuTime} did to them
 */
export function explainCpuTime(result: WasmResult, limits: ExecutionLimits, usedMs: number): WasmResult {
  if (result.status !== 'error') return result;
  const { error } = result;
  if (error.code !== 'TIMEOUT' || error.context?.['limit'] !== 'timeoutMs') return result;
  const { maxCpuMs } = limits;
  const message = `The handler ran longer than maxCpuMs (${maxCpuMs} ms), all its segments together.`;
  const used = Math.round(usedMs + result.metrics.durationUs / 1000);
  const stack = error.stack?.replace(error.message, message);
  return {
    ...result,
    error: {
      ...error,
      message,
      ...(stack !== undefined && { stack }),
      context: { ...error.context, ...limitContext('maxCpuMs', maxCpuMs), used },
    },
  };
}
