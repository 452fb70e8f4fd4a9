import type { ExecutionLimits } from '../api/limits.js';
import type { WasmError } from '../api/result.js';

/** Codes of limits that the engine reports with its own messages; ours name the option. */
export type EngineLimitCode = 'MEMORY_LIMIT' | 'STACK_OVERFLOW';

/** Facts about a limit that was reached. What the operator can do is apart from what the author is told. */
export function limitContext(
  limit: string,
  value: unknown,
): { readonly limit: string; readonly value: unknown; readonly remedy: string } {
  return { limit, value, remedy: `raise ${limit} to allow more` };
}

/** Whether the host interrupted the handler: what that threw tells where it was. */
export function isInterruption({ code, context }: Pick<WasmError, 'code' | 'context'>): boolean {
  return code === 'TIMEOUT' || (code === 'RESOURCE_LIMIT' && context?.['limit'] === 'maxInstructions');
}

/** What to say of an execution that reached one. */
export function describeEngineLimit(
  code: EngineLimitCode,
  limits: ExecutionLimits,
): WasmError & { readonly context: Readonly<Record<string, unknown>> } {
  const option = code === 'MEMORY_LIMIT' ? 'memoryLimitBytes' : 'stackSizeBytes';
  const did = code === 'MEMORY_LIMIT' ? 'needed more memory' : 'recursed or nested deeper';
  const value = limits[option];
  return {
    code,
    message: `The handler ${did} than ${option} (${value}) allows.`,
    context: limitContext(option, value),
  };
}
