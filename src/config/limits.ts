import type { ExecutionLimits, LogOverflow } from '../api/limits.js';
import type { Keys } from './check.js';

/** The longest delay of a Node timer, in milliseconds; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The least memory of a VM, in bytes: static data, native stack and the base image. */
export const MIN_MEMORY_LIMIT_BYTES = 2 * 1024 * 1024;
/** The largest stack of a guest, in bytes: the native stack of a VM is sized for it. */
export const MAX_STACK_SIZE_BYTES = 1024 * 1024;

export const LIMIT_KEYS: Keys<ExecutionLimits> = {
  timeoutMs: true,
  memoryLimitBytes: true,
  stackSizeBytes: true,
  maxHostCalls: true,
  maxStateMutations: true,
  maxEvents: true,
  maxViewCommands: true,
  maxLogBytes: true,
  maxContextBytes: true,
  maxResultBytes: true,
  maxResultPaths: true,
  maxInstructions: true,
  maxCpuMs: true,
  maxTimers: true,
  maxSleepMs: true,
};

export function isLogOverflow(value: unknown): value is LogOverflow {
  return value === 'cut' || value === 'error';
}
