import { copyBytes } from '../../support/bytes/copy-bytes.js';
import type { Vm } from '../vm.js';
import { applyDelta, type Delta } from './delta.js';
import type { Image } from './image.js';

/**
 * Restores the VM to `image`, then applies `delta`: everything that was used since, according to the engine's
 * marks, is overwritten or zeroed.
 *
 * A correct engine has written nothing else. This is enough if, since the last wipe, only code ran in the VM
 * that may see the remaining data; otherwise use {@link wipe}.
 */
export function restoreImage(vm: Vm, image: Image, delta?: Delta): void {
  // Read before anything is written: the marks are known until they are reset.
  overwrite(vm, image, delta, vm.stackLow, vm.heapEnd);
}

/**
 * {@link restoreImage} for a VM in which code of another owner ran: every byte of its memory, up to its real
 * end, is overwritten or zeroed. The end does not depend on any value in memory or from the engine.
 */
export function wipe(vm: Vm, image: Image, delta?: Delta): void {
  overwrite(vm, image, delta, vm.layout.dataEnd, vm.heap.length);
}

function overwrite(vm: Vm, image: Image, delta: Delta | undefined, stackLow: number, heapEnd: number): void {
  const { heapBase } = vm.layout;
  const top = heapBase + image.heap.length;
  const memory = vm.heap;
  copyBytes(image.data, memory);
  memory.fill(0, stackLow, heapBase);
  copyBytes(image.heap, memory, heapBase);
  memory.fill(0, top, Math.max(top, heapEnd));
  if (delta !== undefined) applyDelta(memory, delta);
  vm.resetMarks(delta === undefined ? image.heapEnd : Math.max(image.heapEnd, delta.heapEnd));
}
