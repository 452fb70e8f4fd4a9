import { sameRanges } from '../../support/same-ranges.js';
import { visitUsedMemory } from '../free-memory.js';
import type { Vm } from '../vm.js';
import type { Image } from './image.js';

const WORD_BYTES = 4;
/** Areas of this size are compared at once; only areas that differ are compared word by word. */
const AREA_BYTES = 4096;
/** What the allocator keeps between two pieces. */
const HEAD_BYTES = 4;

/** HeapParts of the heap in ascending order: start and end of each, in turn. */
export type HeapParts = readonly number[];

/** Where the prepared values of an image lie. */
export interface PreparedMemory {
  /** Undefined if that is unknown. */
  readonly parts: HeapParts | undefined;
  /** Words that may change although no value is changed, see {@link findVolatile}. Absent until they are needed. */
  volatile?: WordSet;
  /** Whether they have been needed. */
  isVolatileWanted?: boolean;
}

/** A set of words of memory, by their addresses. */
export class WordSet {
  readonly #from: number;
  readonly #bits: Uint8Array;

  /** @param from the lowest and `to` the highest possible address */
  constructor(from: number, to: number) {
    this.#from = from;
    this.#bits = new Uint8Array(Math.ceil((to - from) / (WORD_BYTES * 8)) + 1);
  }

  add(address: number): void {
    const word = (address - this.#from) / WORD_BYTES;
    this.#bits[word >>> 3] = (this.#bits[word >>> 3] ?? 0) | (1 << (word & 7));
  }

  has(address: number): boolean {
    const word = (address - this.#from) / WORD_BYTES;
    return ((this.#bits[word >>> 3] ?? 0) & (1 << (word & 7))) !== 0;
  }
}

/** The pieces of heap that are in use: the end of each, by its start. */
export type UsedHeap = ReadonlyMap<number, number>;

export function noteUsed(vm: Vm): UsedHeap {
  const pieces = new Map<number, number>();
  visitUsedMemory(vm, (start, end) => pieces.set(start, end));
  return pieces;
}

/**
 * What has been allocated since.
 *
 * @returns undefined if anything was freed: its place may have been taken, which cannot be told
 */
export function allocatedSince(vm: Vm, before: UsedHeap): HeapParts | undefined {
  const parts: number[] = [];
  let kept = 0;
  visitUsedMemory(vm, (start, end) => {
    if (before.get(start) === end) {
      kept++;
      return;
    }
    const last = parts.length - 1;
    if (parts[last] === start - HEAD_BYTES) parts[last] = end;
    else parts.push(start, end);
  });
  return kept === before.size ? parts : undefined;
}

/** The words in which a VM differs from the image that has held on to all values, and those that are known. */
export function findVolatile(vm: Vm, image: Image, parts: HeapParts, known?: WordSet): WordSet {
  const volatile = known ?? new WordSet(parts[0] ?? 0, parts[parts.length - 1] ?? 0);
  visitChanges(vm, image, parts, (address) => {
    volatile.add(address);
    return true;
  });
  return volatile;
}

/** Whether nothing was changed in a VM that started from the image: if not, a value may still be the same. */
export function isUntouched(
  vm: Vm,
  image: Image,
  { parts, volatile }: { readonly parts: HeapParts; readonly volatile: WordSet },
): boolean {
  return visitChanges(vm, image, parts, (address) => volatile.has(address));
}

/** @returns false as soon as `visit` does */
function visitChanges(vm: Vm, { heap: base }: Image, parts: HeapParts, visit: (address: number) => boolean): boolean {
  const { heap: memory } = vm;
  const { heapBase } = vm.layout;
  const image = Buffer.from(base.buffer, base.byteOffset, base.length);
  const words = new DataView(memory.buffer);
  const top = heapBase + image.length;
  for (let i = 0; i < parts.length; i += 2) {
    const end = parts[i + 1] as number;
    for (let area = parts[i] as number; area < end; area += AREA_BYTES) {
      const areaEnd = Math.min(area + AREA_BYTES, end);
      const covered = Math.max(area, Math.min(areaEnd, top));
      // Beyond the content of an image all is zero.
      if (covered === areaEnd && sameRanges(image, area - heapBase, areaEnd - heapBase, memory, area, areaEnd))
        continue;
      for (let address = area; address < areaEnd; address += WORD_BYTES) {
        const was = address < top ? image.readUInt32LE(address - heapBase) : 0;
        if (words.getUint32(address, true) !== was && !visit(address)) return false;
      }
    }
  }
  return true;
}
