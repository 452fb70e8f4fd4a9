import { VM_RETIREMENTS } from './messages.js';

/**
 * Why a worker ended: it outlived the time of an execution, or of one that nobody wanted any more; it died by itself; it did not come
 * up; or it had nothing to do for `idleTimeoutMs`.
 */
export type WorkerRetirement = (typeof WORKER_RETIREMENTS)[number];
const WORKER_RETIREMENTS = ['watchdog', 'cancelled', 'crashed', 'start', 'idle'] as const;

/**
 * Why something that executes was given up for a new one: a VM, or a worker with the VM in it.
 *
 * @useDeclaredType
 */
export type RetirementReason = (typeof RETIREMENT_REASONS)[number];
export const RETIREMENT_REASONS = [...VM_RETIREMENTS, ...WORKER_RETIREMENTS] as const;

export type Retirements = Readonly<Partial<Record<RetirementReason, number>>>;
