import type { Image } from './image/image.js';
import type { Vm } from './vm.js';

/**
 * The engine's allocator is dlmalloc. Its heap is chunks without a gap: a word for its own use, a word with the size and
 * flags, then what was asked for. A free chunk keeps its links at the start of that.
 */
const HEAD_AT = 4;
const CONTENT_AT = 8;
const SIZE_MASK = ~7;
const IN_USE = 2;
const MIN_CHUNK_BYTES = 16;
/** From this size on, free chunks are in a tree and have more links. */
const MIN_TREE_CHUNK_BYTES = 256;
const LIST_LINK_BYTES = 8;
const TREE_LINK_BYTES = 24;

/**
 * Puts back what `image` has wherever nobody will read again: where the heap is free, and where values came in. Kept, it would be a
 * good part of what tells a suspended VM from its image, and it holds what the guest has let go of.
 *
 * A heap whose chunks do not add up is left as it is.
 */
export function forgetUnused(vm: Vm, image: Image): void {
  const { heapBase } = vm.layout;
  const memory = vm.heap;
  const forget = (start: number, end: number) => {
    const covered = Math.min(end, Math.max(start, heapBase + image.heap.length));
    memory.set(image.heap.subarray(start - heapBase, covered - heapBase), start);
    memory.fill(0, covered, end);
  };
  // Twice: nothing is changed before all of it was found to be right. A list of what is free could be longer than the heap.
  if (visitFreeMemory(vm, () => {})) visitFreeMemory(vm, forget);
  forget(...vm.inputBuffer);
}

/**
 * Visits all that is free in the heap but the allocator's own links, in order. What is visited lies in the part of the heap that was used,
 * whatever the chunks say of themselves.
 *
 * @returns false when the chunks do not add up
 */
export function visitFreeMemory(vm: Vm, visit: (start: number, end: number) => void): boolean {
  const { heap, heapEnd } = vm;
  const words = new Uint32Array(heap.buffer);
  let chunk = vm.layout.heapBase;
  while (chunk < heapEnd) {
    const head = words[(chunk + HEAD_AT) >>> 2] ?? 0;
    const end = chunk + (head & SIZE_MASK);
    if (end - chunk < MIN_CHUNK_BYTES || end > heapEnd) return false;
    // The last one is a mark, not a chunk.
    if ((head & IN_USE) === 0 && end < heapEnd) {
      const links = end - chunk < MIN_TREE_CHUNK_BYTES ? LIST_LINK_BYTES : TREE_LINK_BYTES;
      const start = chunk + CONTENT_AT + links;
      if (start < end) visit(start, end);
    }
    chunk = end;
  }
  return true;
}
