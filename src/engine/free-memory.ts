import type { Image } from './image/image.js';
import type { Vm } from './vm.js';

/**
 * The engine's allocator is dlmalloc. Its heap consists of adjacent chunks: a word for its own use, a word
 * with size and flags, then the allocated bytes. A free chunk keeps its links at the start of these bytes.
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
 * Restores the content of `image` in memory that is no longer used: free heap, and the input buffer.
 * Otherwise it would be a large part of the difference between a suspended VM and its image, and it contains
 * data that the guest has dropped.
 *
 * A heap with inconsistent chunks is not changed.
 */
export function forgetUnused(vm: Vm, image: Image): void {
  const { heapBase } = vm.layout;
  const memory = vm.heap;
  const forget = (start: number, end: number) => {
    const covered = Math.min(end, Math.max(start, heapBase + image.heap.length));
    memory.set(image.heap.subarray(start - heapBase, covered - heapBase), start);
    memory.fill(0, covered, end);
  };
  // Two passes: nothing is changed before everything was checked. A list of the free parts could be longer
  // than the heap.
  if (visitFreeMemory(vm, () => {})) visitFreeMemory(vm, forget);
  forget(...vm.inputBuffer);
}

/**
 * Visits all free parts of the heap, without the allocator's links, in order. The visited parts are always
 * within the used heap, whatever the chunks contain.
 *
 * @returns false if the chunks are inconsistent
 */
export function visitFreeMemory(vm: Vm, visit: (start: number, end: number) => void): boolean {
  return visitChunks(vm, (chunk, end, isUsed) => {
    // The last one is an end mark, not a chunk.
    if (isUsed || end >= vm.heapEnd) return;
    const links = end - chunk < MIN_TREE_CHUNK_BYTES ? LIST_LINK_BYTES : TREE_LINK_BYTES;
    const start = chunk + CONTENT_AT + links;
    if (start < end) visit(start, end);
  });
}

/**
 * Visits the content of every allocated part of the heap, in order.
 *
 * @returns false if the chunks are inconsistent
 */
export function visitUsedMemory(vm: Vm, visit: (start: number, end: number) => void): boolean {
  // The first word of the next chunk belongs to the content as well.
  return visitChunks(vm, (chunk, end, isUsed) => {
    if (isUsed) visit(chunk + CONTENT_AT, Math.min(end + HEAD_AT, vm.heapEnd));
  });
}

function visitChunks(vm: Vm, visit: (chunk: number, end: number, isUsed: boolean) => void): boolean {
  const { heap, heapEnd } = vm;
  const words = new Uint32Array(heap.buffer);
  let chunk = vm.layout.heapBase;
  while (chunk < heapEnd) {
    const head = words[(chunk + HEAD_AT) >>> 2] ?? 0;
    const end = chunk + (head & SIZE_MASK);
    if (end - chunk < MIN_CHUNK_BYTES || end > heapEnd) return false;
    visit(chunk, end, (head & IN_USE) !== 0);
    chunk = end;
  }
  return true;
}
