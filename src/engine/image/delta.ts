import { sameRanges } from '../../support/same-ranges.js';
import type { MemoryLayout } from '../binary-interface.js';
import type { Vm } from '../vm.js';
import type { Image } from './image.js';

const WORD_BYTES = 4;
/** Areas of this size are compared at once; only areas that differ are compared word by word. */
const AREA_BYTES = 1024;
const ZEROS = Buffer.alloc(AREA_BYTES);

/** The granularity of a delta. Sizes are multiples of 8 bytes, as are all compared areas. */
export interface DeltaGranularity {
  readonly blockBytes: number;
  /** Runs with a gap of no more than this are joined. */
  readonly gapBytes: number;
}

/** For deltas that stay in the worker: few runs, which are quick to copy. */
export const COARSE: DeltaGranularity = { blockBytes: 256, gapBytes: 0 };
/** For deltas that are stored: few bytes. A value of the engine has eight. */
export const FINE: DeltaGranularity = { blockBytes: 8, gapBytes: 8 };

/** The difference from an image, as runs of whole blocks in ascending order of address. */
export interface Delta {
  readonly addresses: Uint32Array;
  /** The run at `addresses[i]` is `bytes[ends[i - 1] .. ends[i])`. */
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array;
  /** The end of the used heap at the capture, see {@link Vm.heapEnd}. */
  readonly heapEnd: number;
}

/** The content of the idle VM that differs from `base`. */
export function captureDelta(vm: Vm, base: Image, granularity = COARSE): Delta {
  const memory = vm.heap;
  const { heapEnd } = vm;
  const { dataEnd, heapBase } = vm.layout;
  const heapTop = Math.max(heapEnd, heapBase + base.heap.length);
  const collected = new Runs(granularity.gapBytes);
  collectRuns(collected, new Comparison(memory, base.data, 0), dataEnd, granularity.blockBytes);
  collectRuns(collected, new Comparison(memory, base.heap, heapBase), heapTop, granularity.blockBytes);

  const runs = collected.bounds;
  const count = runs.length / 2;
  const addresses = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    addresses[i] = runs[2 * i] ?? 0;
    total += (runs[2 * i + 1] ?? 0) - (runs[2 * i] ?? 0);
    ends[i] = total;
  }
  const bytes = new Uint8Array(total);
  let start = 0;
  for (let i = 0; i < count; i++) {
    bytes.set(memory.subarray(runs[2 * i], runs[2 * i + 1]), start);
    start = ends[i] ?? 0;
  }
  return { addresses, ends, bytes, heapEnd };
}

export function applyDelta(memory: Uint8Array, { addresses, ends, bytes }: Delta): void {
  let start = 0;
  for (let i = 0; i < addresses.length; i++) {
    const end = ends[i] ?? start;
    memory.set(bytes.subarray(start, end), addresses[i] ?? 0);
    start = end;
  }
}

/** The image with the delta applied. Neither is changed. */
export function mergeDelta(image: Image, delta: Delta, { dataEnd, heapBase }: MemoryLayout): Image {
  const top = Math.max(heapBase + image.heap.length, contentEnd(delta));
  const memory = new Uint8Array(top);
  memory.set(image.data);
  memory.set(image.heap, heapBase);
  applyDelta(memory, delta);
  const heapEnd = Math.max(image.heapEnd, delta.heapEnd);
  return { data: memory.slice(0, dataEnd), heap: memory.slice(heapBase), heapEnd };
}

/** The linear memory that a VM needs for a delta, in bytes. */
export function deltaEnd(delta: Delta): number {
  return Math.max(delta.heapEnd, contentEnd(delta));
}

function contentEnd({ addresses, ends }: Delta): number {
  const last = addresses.length - 1;
  const size = (ends[last] ?? 0) - (ends[last - 1] ?? 0);
  return last < 0 ? 0 : (addresses[last] ?? 0) + size;
}

/** Whether an untrusted delta fits a VM: its runs must be in static data or in the used heap. */
export function fitsLayout({ addresses, ends, heapEnd }: Delta, { dataEnd, heapBase }: MemoryLayout): boolean {
  let before = 0;
  for (let i = 0; i < addresses.length; i++) {
    const start = addresses[i] ?? 0;
    const end = start + (ends[i] ?? 0) - before;
    before = ends[i] ?? 0;
    const isInHeap = start >= heapBase && end <= heapEnd;
    if (end > dataEnd && !isInHeap) return false;
  }
  return true;
}

/** The bytes that a delta keeps alive. */
export function deltaBytes(delta: Delta): number {
  return delta.bytes.length + delta.addresses.byteLength + delta.ends.byteLength;
}

/** Adds every block up to `to` in which memory differs from the image. */
function collectRuns(runs: Runs, compared: Comparison, to: number, blockBytes: number): void {
  const { from } = compared;
  for (let area = from; area < to; area += AREA_BYTES) {
    const areaEnd = Math.min(area + AREA_BYTES, to);
    if (compared.isSame(area, areaEnd)) continue;
    let address = compared.nextDifference(area, areaEnd);
    while (address < areaEnd) {
      const block = address - ((address - from) % blockBytes);
      const blockEnd = Math.min(block + blockBytes, to);
      runs.add(block, blockEnd);
      address = compared.nextDifference(blockEnd, areaEnd);
    }
  }
  runs.endLast();
}

/** Runs of blocks that are added in ascending order. */
class Runs {
  /** Start and end of each, in turn. */
  readonly bounds: number[] = [];
  readonly #gapBytes: number;
  #start = Number.NEGATIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;

  constructor(gapBytes: number) {
    this.#gapBytes = gapBytes;
  }

  add(start: number, end: number): void {
    if (start - this.#end > this.#gapBytes) {
      this.endLast();
      this.#start = start;
    }
    this.#end = end;
  }

  endLast(): void {
    if (this.#end > this.#start) this.bounds.push(this.#start, this.#end);
    this.#start = this.#end = Number.NEGATIVE_INFINITY;
  }
}

/** Memory beside a part of an image that is to lie in it from `from` on. Beyond that part all is to be zero. */
class Comparison {
  readonly from: number;
  readonly memory: Uint8Array;
  readonly words: Int32Array;
  readonly base: Buffer;
  readonly baseWords: Int32Array;

  constructor(memory: Uint8Array, base: Uint8Array, from: number) {
    this.from = from;
    this.memory = memory;
    this.words = new Int32Array(memory.buffer);
    this.base = Buffer.from(base.buffer, base.byteOffset, base.length);
    this.baseWords = wordsOf(base);
  }

  isSame(start: number, end: number): boolean {
    const base = this.base;
    const offset = start - this.from;
    const covered = Math.max(0, Math.min(end - start, base.length - offset));
    if (covered > 0 && !sameRanges(base, offset, offset + covered, this.memory, start, start + covered)) return false;
    const rest = end - start - covered;
    return rest === 0 || sameRanges(ZEROS, 0, rest, this.memory, start + covered, end);
  }

  /** Address of the first word in `[address, to)` that differs; `to` or more when there is none. */
  nextDifference(address: number, to: number): number {
    const words = this.words;
    const baseWords = this.baseWords;
    const offset = this.from >>> 2;
    const end = to >>> 2;
    const covered = Math.min(end, offset + baseWords.length);
    let word = address >>> 2;
    while (word < covered && words[word] === baseWords[word - offset]) word++;
    if (word >= covered) while (word < end && words[word] === 0) word++;
    return (word << 2) >>> 0;
  }
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % WORD_BYTES === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, Math.floor(length / WORD_BYTES));
}
