import {
  CELL_CALLED_AT,
  CELL_ENTROPY_AT,
  CELL_MISSING_AT,
  CELL_STARTED_AT,
  CELL_TASKS_AT,
  LEFT_OUT_MARK,
} from '../guest/abi.js';
import { type BytesPointer, bytesAt } from './pointers.js';
import type { Vm } from './vm.js';

const COUNTER_BYTES = 8;

/** The entropy of `crypto`: a key of 256 bits and the first output bytes. */
export const ENTROPY_BYTES = 128;

/** Size of all cells. */
export const CELL_BYTES = CELL_ENTROPY_AT + COUNTER_BYTES + ENTROPY_BYTES;

/**
 * A few bytes of the image that host and guest share instead of making calls. The guest cannot move them:
 * their address is part of the image.
 *
 * @param cells their address
 */
export function writeStart(vm: Vm, cells: BytesPointer, startedAtMs: number): void {
  vm.writeFloat64(bytesAt(cells, CELL_STARTED_AT), startedAtMs);
}

/** @param entropy {@link ENTROPY_BYTES} */
export function writeEntropy(vm: Vm, cells: BytesPointer, entropy: Uint8Array): void {
  const memory = vm.heap;
  const counters = cells + CELL_ENTROPY_AT;
  memory.fill(0, counters, counters + COUNTER_BYTES);
  memory.set(entropy, counters + COUNTER_BYTES);
}

/** Whether the guest called an extension, so that it may be waiting for one. */
export function mayWait(vm: Vm, cells: BytesPointer): boolean {
  return vm.heap[cells + CELL_CALLED_AT] !== 0;
}

/** Whether the guest says that there is a task for when no jobs are left. */
export function hasTasks(vm: Vm, cells: BytesPointer): boolean {
  return vm.heap[cells + CELL_TASKS_AT] !== 0;
}

/** Whether the guest reached for a global of a feature that its image does not have, or see {@link lacksInput}, and waits to be interrupted. */
export function lacksFeature(vm: Vm, cells: BytesPointer): boolean {
  return vm.heap[cells + CELL_MISSING_AT] !== 0;
}

/** Whether what it reached for is a value of its context that was left out. */
export function lacksInput(vm: Vm, cells: BytesPointer): boolean {
  return vm.heap[cells + CELL_MISSING_AT] === LEFT_OUT_MARK;
}
