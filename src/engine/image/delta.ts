import { sameRanges } from '../../support/same-ranges.js';
import type { MemoryLayout } from '../binary-interface.js';
import type { Vm } from '../vm.js';
import type { Image } from './image.js';

const WORD_BYTES = 4;
/** Areas of this size are compared at once; only those that differ are looked at word by word. */
const AREA_BYTES = 1024;
const ZEROS = Buffer.alloc(AREA_BYTES);

/** How finely a delta tells what differs. Multiples of 8 bytes, which everything that is compared is, too. */
export interface DeltaGranularity {
  readonly blockBytes: number;
  /** Blocks with no more than this between them are one run. */
  readonly gapBytes: number;
}

/** For deltas that stay here: few runs, which are quick to copy. */
export const COARSE: DeltaGranularity = { blockBytes: 256, gapBytes: 0 };
/** For deltas that are kept: few bytes. A value of the engine has eight. */
export const FINE: DeltaGranularity = { blockBytes: 8, gapBytes: 8 };

/** What differs from an image, as runs of whole blocks in ascending order of their address. */
export interface Delta {
  readonly addresses: Uint32Array;
  /** The run at `addresses[i]` is `bytes[ends[i - 1] .. ends[i])`. */
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array;
  /** End of what the heap used when it was captured, see {@link Vm.heapEnd}. */
  readonly heapEnd: number;
}

/** What the idle VM holds that `base` does not. */
export function captureDelta(vm: Vm, base: Image, grain = COARSE): Delta {
  const memory = vm.heap;
  const { heapEnd } = vm;
  const { dataEnd, heapBase } = vm.layout;
  const runs: number[] = [];
  collectRuns(runs, memory, base.data, 0, dataEnd, grain);
  collectRuns(runs, memory, base.heap, heapBase, Math.max(heapEnd, heapBase + base.heap.length), grain);

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

/** Bytes of linear memory that a VM must have to take a delta. */
export function deltaEnd(delta: Delta): number {
  return Math.max(delta.heapEnd, contentEnd(delta));
}

function contentEnd({ addresses, ends }: Delta): number {
  const last = addresses.length - 1;
  const size = (ends[last] ?? 0) - (ends[last - 1] ?? 0);
  return last < 0 ? 0 : (addresses[last] ?? 0) + size;
}

/** Whether a delta that came from outside is one of a VM: its runs lie in static data or in the heap as far as that was used. */
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

/** Bytes that a delta keeps alive. */
export function deltaBytes(delta: Delta): number {
  return delta.bytes.length + delta.addresses.byteLength + delta.ends.byteLength;
}

/** Appends start and end of every run in `[from, to)` that differs from `base`, which is `[from, …)` of an image. */
function collectRuns(
  runs: number[],
  memory: Uint8Array,
  base: Uint8Array,
  from: number,
  to: number,
  { blockBytes, gapBytes }: DeltaGranularity,
): void {
  const baseBuffer = Buffer.from(base.buffer, base.byteOffset, base.length);
  const words = new Int32Array(memory.buffer);
  const baseWords = wordsOf(base);
  let start = Number.NEGATIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (let area = from; area < to; area += AREA_BYTES) {
    const areaEnd = Math.min(area + AREA_BYTES, to);
    if (areaEquals(memory, area, areaEnd, baseBuffer, area - from)) continue;
    for (let address = area; ; address = end) {
      address = nextDifference(words, baseWords, from, address, areaEnd);
      if (address >= areaEnd) break;
      const block = address - ((address - from) % blockBytes);
      if (block - end > gapBytes) {
        if (end > start) runs.push(start, end);
        start = block;
      }
      end = Math.min(block + blockBytes, to);
    }
  }
  if (end > start) runs.push(start, end);
}

/** Address of the first word in `[address, to)` that differs; `to` or more when there is none. Beyond the image all is zero. */
function nextDifference(words: Int32Array, baseWords: Int32Array, from: number, address: number, to: number): number {
  const offset = from >>> 2;
  const end = to >>> 2;
  const covered = Math.min(end, offset + baseWords.length);
  let word = address >>> 2;
  while (word < covered && words[word] === baseWords[word - offset]) word++;
  if (word < covered) return (word << 2) >>> 0;
  while (word < end && words[word] === 0) word++;
  return (word << 2) >>> 0;
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % WORD_BYTES === 0 ? bytes : bytes.slice();
  return new Int32Array(buffer, byteOffset, Math.floor(length / WORD_BYTES));
}

function areaEquals(memory: Uint8Array, start: number, end: number, base: Buffer, offset: number): boolean {
  const covered = Math.max(0, Math.min(end - start, base.length - offset));
  if (covered > 0 && !sameRanges(base, offset, offset + covered, memory, start, start + covered)) return false;
  const rest = end - start - covered;
  return rest === 0 || sameRanges(ZEROS, 0, rest, memory, start + covered, end);
}
