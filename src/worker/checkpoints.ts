import type { MemoryLayout } from '../engine/binary-interface.js';
import type { Delta } from '../engine/image/delta.js';
import type { Image } from '../engine/image/image.js';
import type { Vm } from '../engine/vm.js';
import type { CheckpointArea } from '../protocol/checkpoint.js';
import { copyBytes } from '../support/bytes/copy-bytes.js';

/** The VM of a handler that waits. */
export interface WaitingVm {
  /** Of its checkpoint. */
  readonly bytes: number;
  /** The difference from its image; undefined if it has a checkpoint, in the area of the attempt. */
  readonly delta: Delta | undefined;
}

/** The bytes of a checkpoint of this VM. */
export function checkpointBytes({ heapEnd, layout: { dataEnd, heapBase } }: Vm): number {
  return dataEnd + heapEnd - heapBase;
}

/**
 * Copies the memory of an idle VM to an area: static data and the used heap. Between them is the stack, which has no live
 * frame.
 *
 * @returns false if it has no room there; nothing is written then
 */
export function writeCheckpoint(vm: Vm, { bytes }: CheckpointArea): boolean {
  if (checkpointBytes(vm) > bytes.length) return false;
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  copyBytes(memory.subarray(0, dataEnd), bytes);
  copyBytes(memory.subarray(heapBase, vm.heapEnd), bytes, dataEnd);
  return true;
}

/**
 * A checkpoint as an image: views, not copies.
 *
 * @throws RangeError if it is no checkpoint of a VM with this layout
 */
export function imageOfCheckpoint({ bytes }: CheckpointArea, { dataEnd, heapBase }: MemoryLayout): Image {
  if (bytes.length < dataEnd) throw new RangeError('a checkpoint is shorter than the data of the engine');
  const heap = bytes.subarray(dataEnd);
  return { data: bytes.subarray(0, dataEnd), heap, heapEnd: heapBase + heap.length };
}
