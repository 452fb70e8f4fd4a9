import { createHash } from 'node:crypto';

import type { Vm } from './vm.js';

const WORD_BYTES = 4;
/** Areas of this size are compared at once; only those that differ are looked at word by word. */
const AREA_BYTES = 1024;

/** The stack is scrubbed downwards in steps of this size until one is clean. The first is used by every run. */
const SCRUB_BYTES = 8 * 1024;
const ZEROS = Buffer.alloc(SCRUB_BYTES);
const VALUE_BYTES = 8;
const NATIVE_GAP_BYTES = 16 * 1024;

/**
 * The whole state of an idle VM: static data and heap. The stack between them holds no live frame while no guest code
 * runs, so it is not kept.
 */
export interface Image {
  /** `[0, dataEnd)` of linear memory. */
  readonly data: Uint8Array;
  /** From `heapBase` up to the last byte that is not zero. */
  readonly heap: Uint8Array;
}

/** How finely a delta tells what differs. Multiples of 8 bytes, which everything that is compared is, too. */
export interface Grain {
  readonly blockBytes: number;
  /** Blocks with no more than this between them are one run. */
  readonly gapBytes: number;
}

/** For deltas that stay here: few runs, which are quick to copy. */
export const COARSE: Grain = { blockBytes: 256, gapBytes: 0 };
/** For deltas that are kept: few bytes. A value of the engine has eight. */
export const FINE: Grain = { blockBytes: 8, gapBytes: 8 };

/** What differs from an image, as runs of whole blocks in ascending order of their address. */
export interface Delta {
  readonly addresses: Uint32Array;
  /** The run at `addresses[i]` is `bytes[ends[i - 1] .. ends[i])`. */
  readonly ends: Uint32Array;
  readonly bytes: Uint8Array;
}

/** Copies the state out of an idle VM. */
export function captureImage(vm: Vm): Image {
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  scrubStack(vm, SCRUB_BYTES);
  return { data: memory.slice(0, dataEnd), heap: memory.slice(heapBase, endOfContent(memory, heapBase, vm.heapBreak)) };
}

/**
 * Puts the VM back to `image`, then applies `delta`: data and heap are overwritten, the heap above the image and the stack
 * are zeroed. No guest code can see memory that the engine did not give it; zeroing is for the case that the engine has a
 * flaw that lets it.
 *
 * @param cleanBytes how much of the stack must be clean for what lies below to be taken for clean; as far down as a guest can reach,
 *   everything is zeroed. See {@link frameGapBytes}
 */
export function restoreImage(vm: Vm, image: Image, delta?: Delta, cleanBytes = SCRUB_BYTES): void {
  const { heapBase } = vm.layout;
  const top = heapBase + image.heap.length;
  const memory = vm.heap;
  const used = Math.min(Math.max(vm.heapBreak, top), memory.length);
  memory.set(image.data, 0);
  memory.set(image.heap, heapBase);
  memory.fill(0, top, used);
  scrubStack(vm, cleanBytes);
  if (delta !== undefined) applyDelta(memory, delta);
}

/** Bytes of linear memory that a VM must have to take an image. */
export function imageEnd(vm: Vm, image: Image): number {
  return vm.layout.heapBase + image.heap.length;
}

/** Bytes of linear memory that a VM must have to take a delta. */
export function deltaEnd({ addresses, ends }: Delta): number {
  const last = addresses.length - 1;
  const size = (ends[last] ?? 0) - (ends[last - 1] ?? 0);
  return last < 0 ? 0 : (addresses[last] ?? 0) + size;
}

/** What the idle VM holds that `base` does not. */
export function captureDelta(vm: Vm, base: Image, grain = COARSE): Delta {
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  const runs: number[] = [];
  collectRuns(runs, memory, base.data, 0, dataEnd, grain);
  collectRuns(runs, memory, base.heap, heapBase, Math.max(vm.heapBreak, heapBase + base.heap.length), grain);

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
  return { addresses, ends, bytes };
}

/**
 * Names an image by its content, hex SHA-256. The same engine, prelude and libraries give the same base image everywhere.
 */
export function hashImage(image: Image): string {
  const lengths = new Uint32Array([image.data.length, image.heap.length]);
  return createHash('sha256').update(lengths).update(image.data).update(image.heap).digest('hex');
}

/** Bytes that a delta keeps alive. */
export function deltaBytes(delta: Delta): number {
  return delta.bytes.length + delta.addresses.byteLength + delta.ends.byteLength;
}

function applyDelta(memory: Uint8Array, { addresses, ends, bytes }: Delta): void {
  let start = 0;
  for (let i = 0; i < addresses.length; i++) {
    const end = ends[i] ?? start;
    memory.set(bytes.subarray(start, end), addresses[i] ?? 0);
    start = end;
  }
}

/**
 * The most that a run leaves unwritten between two things that it wrote to the stack. A frame of a function has a place for each value
 * that its code can push, used or not, and code of so many bytes pushes no more values. Frames of the engine itself are of a kilobyte at
 * most, and written. Not counted: what a bound function copies its arguments to.
 *
 * @param bytecodeBytes of all functions that ran, ours apart: none of them has a large frame
 */
export function frameGapBytes(bytecodeBytes: number): number {
  return NATIVE_GAP_BYTES + bytecodeBytes * VALUE_BYTES;
}

/** Zeroes what the last run left of its stack, from the top until `cleanBytes` in a row are clean. */
function scrubStack(vm: Vm, cleanBytes: number): void {
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  const deepest = Math.max(dataEnd, heapBase - vm.stackReachBytes);
  if (cleanBytes >= heapBase - deepest) {
    memory.fill(0, deepest, heapBase);
    return;
  }
  memory.fill(0, heapBase - SCRUB_BYTES, heapBase);
  let cleanFrom = heapBase - SCRUB_BYTES;
  for (let end = cleanFrom; end > deepest && cleanFrom - end < cleanBytes; end -= SCRUB_BYTES) {
    const start = Math.max(deepest, end - SCRUB_BYTES);
    if (ZEROS.compare(memory, start, end, 0, end - start) === 0) continue;
    memory.fill(0, start, end);
    cleanFrom = start;
  }
}

function endOfContent(memory: Uint8Array, from: number, to: number): number {
  const words = new BigUint64Array(memory.buffer);
  let index = Math.min(words.length, Math.ceil(to / 8)) - 1;
  while (index * 8 >= from && words[index] === 0n) index--;
  return Math.max(from, (index + 1) * 8);
}

/** Appends start and end of every run in `[from, to)` that differs from `base`, which is `[from, …)` of an image. */
function collectRuns(
  runs: number[],
  memory: Uint8Array,
  base: Uint8Array,
  from: number,
  to: number,
  { blockBytes, gapBytes }: Grain,
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
  if (covered > 0 && base.compare(memory, start, start + covered, offset, offset + covered) !== 0) return false;
  const rest = end - start - covered;
  return rest === 0 || ZEROS.compare(memory, start + covered, end, 0, rest) === 0;
}
