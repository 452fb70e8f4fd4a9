import type { Keys } from './check.js';

/** The longest delay a timer of Node takes, in milliseconds; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The least memory of a VM, in bytes: static data, native stack and the image that executions begin with. */
export const MIN_MEMORY_LIMIT_BYTES = 2 * 1024 * 1024;
/** The largest stack of a guest, in bytes: the native stack of a VM is made for it. */
export const MAX_STACK_SIZE_BYTES = 1024 * 1024;

/** Bounds on one execution, enforced on the host whatever the guest does. */
export interface ExecutionLimits {
  /** Wall-clock time in the VM, in milliseconds. */
  readonly timeoutMs: number;
  /** Linear memory of the VM, in bytes. */
  readonly memoryLimitBytes: number;
  /** The guest's stack, in bytes. */
  readonly stackSizeBytes: number;
  readonly maxHostCalls: number;
  readonly maxStateMutations: number;
  readonly maxEvents: number;
  readonly maxViewCommands: number;
  /** Sum over all log messages, in UTF-16 code units. */
  readonly maxLogBytes: number;
  /** Encoded size of state, arguments and scope together, in bytes. */
  readonly maxContextBytes: number;
  /** Encoded size of everything the execution returns, in bytes. */
  readonly maxResultBytes: number;
  /**
   * How many values more than it has a walk over everything that the execution returns may meet, because objects occur in it more than
   * once.
   */
  readonly maxResultPaths: number;
}

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
};

/** Limits that the guest counts itself, in the order in which the prelude expects them. */
export const COUNTED_LIMITS = [
  'maxHostCalls',
  'maxStateMutations',
  'maxEvents',
  'maxViewCommands',
  'maxLogBytes',
] as const satisfies readonly (keyof ExecutionLimits)[];

/** Limits that the workers are made for: an execution can only lower them. */
export type VmLimitName = 'memoryLimitBytes' | 'stackSizeBytes';
