import type { ExecutionLimits } from '../api/limits.js';
import type { WasmError } from '../api/result.js';

/** Codes of limits that the engine reports with its own messages; ours name the option. */
export type EngineLimitCode = 'MEMORY_LIMIT' | 'STACK_OVERFLOW';

/** Describes an execution that reached such a limit. */
export function describeEngineLimit(
  code: EngineLimitCode,
  limits: ExecutionLimits,
): WasmError & { readonly context: Readonly<Record<string, unknown>> } {
  const option = code === 'MEMORY_LIMIT' ? 'memoryLimitBytes' : 'stackSizeBytes';
  const did = code === 'MEMORY_LIMIT' ? 'needed more memory' : 'recursed or nested deeper';
  const value = limits[option];
  return {
    code,
    message: `The handler ${did} than ${option} (${value}) allows; raise ${option} to allow more.`,
    context: { limit: option, value },
  };
}
