import { VM_RETIREMENTS } from './messages.js';

/**
 * Why a worker ended: an execution, possibly cancelled, exceeded its time; it crashed; it failed to start; or
 * it was idle for `idleTimeoutMs`.
 */
export type WorkerRetirement = (typeof WORKER_RETIREMENTS)[number];
const WORKER_RETIREMENTS = ['watchdog', 'cancelled', 'crashed', 'start', 'idle'] as const;

/**
 * Why a VM, or a worker with its VMs, was given up.
 *
 * @useDeclaredType
 */
export type RetirementReason = (typeof RETIREMENT_REASONS)[number];
export const RETIREMENT_REASONS = [...VM_RETIREMENTS, ...WORKER_RETIREMENTS] as const;

export type Retirements = Readonly<Partial<Record<RetirementReason, number>>>;
