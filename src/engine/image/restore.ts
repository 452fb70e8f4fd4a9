import type { Vm } from '../vm.js';
import { applyDelta, type Delta } from './delta.js';
import type { Image } from './image.js';

/**
 * Puts the VM back to `image`, then applies `delta`: all that the engine's own marks say was used since is overwritten or zeroed.
 *
 * That is all that an engine can have written which works as it should. It is enough where nothing ran in the VM since it was wiped, or
 * only what may see what is left; otherwise see {@link wipe}.
 */
export function restoreImage(vm: Vm, image: Image, delta?: Delta): void {
  // Before anything is written: what was used is known until the marks are set back.
  overwrite(vm, image, delta, vm.stackLow, vm.heapEnd);
}

/**
 * {@link restoreImage} for a VM in which somebody else's code ran: every byte of its memory, up to its real end, is overwritten or zeroed.
 * Nothing that is in memory, and nothing that the engine says, has a part in where that is.
 */
export function wipe(vm: Vm, image: Image, delta?: Delta): void {
  overwrite(vm, image, delta, vm.layout.dataEnd, vm.heap.length);
}

function overwrite(vm: Vm, image: Image, delta: Delta | undefined, stackLow: number, heapEnd: number): void {
  const { heapBase } = vm.layout;
  const top = heapBase + image.heap.length;
  const memory = vm.heap;
  memory.set(image.data, 0);
  memory.fill(0, stackLow, heapBase);
  memory.set(image.heap, heapBase);
  memory.fill(0, top, Math.max(top, heapEnd));
  if (delta !== undefined) applyDelta(memory, delta);
  vm.resetMarks(delta === undefined ? image.heapEnd : Math.max(image.heapEnd, delta.heapEnd));
}
