import type { ExecutionLimits } from '../api/limits.js';
import { VmPoisonedError } from '../engine/vm/vm-errors.js';
import type { Vm } from '../engine/vm.js';
import { describeEngineLimit, limitContext } from '../protocol/limit-failures.js';
import type { ExecutionFailure } from '../protocol/messages.js';

/** The caller that cancelled it has its answer already. */
export const CANCELLED: ExecutionFailure = { code: 'CANCELLED', message: 'The execution was cancelled.', context: {} };

/** WebAssembly threw something other than a guest exception. Its kind says what the guest did. */
export function hostSideFailure(error: unknown, vm: Vm, limits: ExecutionLimits): ExecutionFailure {
  if (vm.heapExhausted) return outOfMemory(vm, limits);
  if (error instanceof VmPoisonedError && error.isStackOverflow) return describeEngineLimit('STACK_OVERFLOW', limits);
  return {
    code: 'EXECUTION_ERROR',
    message: `The engine failed while it ran the handler: ${error instanceof Error ? error.message : String(error)}`,
    context: { layer: 'engine' },
  };
}

export function timeout({ timeoutMs }: ExecutionLimits, layer: 'interrupt' | 'jobs'): ExecutionFailure {
  return {
    code: 'TIMEOUT',
    message: `The handler ran longer than timeoutMs (${timeoutMs} ms).`,
    context: { ...limitContext('timeoutMs', timeoutMs), layer },
  };
}

export function tooManyInstructions({ maxInstructions }: ExecutionLimits, used: number): ExecutionFailure {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The handler executed more instructions than maxInstructions (${maxInstructions}).`,
    context: { ...limitContext('maxInstructions', maxInstructions), used },
  };
}

export function outOfMemory(vm: Vm, limits: ExecutionLimits): ExecutionFailure {
  const { context, ...reached } = describeEngineLimit('MEMORY_LIMIT', limits);
  return { ...reached, context: { ...context, bytes: vm.heap.length } };
}

export function resultTooLarge({ maxResultBytes }: ExecutionLimits, bytes: number): ExecutionFailure {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The outcome of the handler has ${bytes} bytes, more than maxResultBytes (${maxResultBytes}).`,
    context: { ...limitContext('maxResultBytes', maxResultBytes), bytes },
  };
}

/** The context of a call is nested more deeply than the stack allows. */
export function contextTooDeep({ stackSizeBytes }: ExecutionLimits): ExecutionFailure {
  return {
    code: 'STACK_OVERFLOW',
    message: `The context is nested deeper than stackSizeBytes (${stackSizeBytes}) allows.`,
    context: limitContext('stackSizeBytes', stackSizeBytes),
  };
}
