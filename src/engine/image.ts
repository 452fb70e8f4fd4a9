import { createHash } from 'node:crypto';

import type { Vm } from './vm.js';

/** Granularity of a delta, in bytes. Smaller blocks make smaller envelopes and longer lists. */
export const BLOCK_BYTES = 256;

/** The stack is scrubbed downwards in steps of this size until one is clean. */
const SCRUB_BYTES = 16 * 1024;
const ZEROS = Buffer.alloc(SCRUB_BYTES);

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
  scrubStack(vm);
  return { data: memory.slice(0, dataEnd), heap: memory.slice(heapBase, endOfContent(memory, heapBase, vm.heapBreak)) };
}

/**
 * Puts the VM back to `image`, then applies `delta`: data and heap are overwritten, the heap above the image and the stack
 * are zeroed. No guest code can see memory that the engine did not give it; zeroing is for the case that the engine has a
 * flaw that lets it.
 *
 * @param thorough zeroes the stack as far down as a guest can reach, not only until it looks clean
 */
export function restoreImage(vm: Vm, image: Image, delta?: Delta, thorough = false): void {
  const { heapBase } = vm.layout;
  const top = heapBase + image.heap.length;
  const memory = vm.heap;
  const used = Math.min(Math.max(vm.heapBreak, top), memory.length);
  memory.set(image.data, 0);
  memory.set(image.heap, heapBase);
  memory.fill(0, top, used);
  if (thorough) scrubWholeStack(vm);
  else scrubStack(vm);
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
export function captureDelta(vm: Vm, base: Image): Delta {
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  const runs: { address: number; end: number }[] = [];
  collectRuns(runs, memory, base.data, 0, dataEnd);
  collectRuns(runs, memory, base.heap, heapBase, Math.max(vm.heapBreak, heapBase + base.heap.length));

  const total = runs.reduce((sum, run) => sum + run.end - run.address, 0);
  const delta = {
    addresses: new Uint32Array(runs.length),
    ends: new Uint32Array(runs.length),
    bytes: new Uint8Array(total),
  };
  let offset = 0;
  runs.forEach(({ address, end }, i) => {
    delta.bytes.set(memory.subarray(address, end), offset);
    offset += end - address;
    delta.addresses[i] = address;
    delta.ends[i] = offset;
  });
  return delta;
}

/**
 * Names an image by its content, hex SHA-256. The same engine, prelude and libraries give the same base image everywhere.
 */
export function hashImage(image: Image): string {
  const lengths = new Uint32Array([image.data.length, image.heap.length]);
  return createHash('sha256').update(lengths).update(image.data).update(image.heap).digest('hex');
}

/** A delta as bytes: the number of runs, their addresses and ends as u32, then their content. Little-endian. */
export function encodeDelta({ addresses, ends, bytes }: Delta): Uint8Array {
  const table = new Uint32Array(1 + addresses.length * 2);
  table[0] = addresses.length;
  table.set(addresses, 1);
  table.set(ends, 1 + addresses.length);
  return Buffer.concat([new Uint8Array(table.buffer), bytes]);
}

/** @throws RangeError when the bytes are no delta */
export function decodeDelta(encoded: Uint8Array): Delta {
  const aligned = encoded.byteOffset % 4 === 0 ? encoded : encoded.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4));
  const count = words[0] ?? 0;
  const content = (1 + count * 2) * 4;
  if (content > aligned.length) throw new RangeError('a delta ends in its table');
  const addresses = words.slice(1, 1 + count);
  const ends = words.slice(1 + count, 1 + count * 2);
  const bytes = aligned.subarray(content);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const next = ends[i] ?? 0;
    if (next < end) throw new RangeError('a run of a delta ends before it begins');
    end = next;
  }
  if (end !== bytes.length) throw new RangeError('a delta is longer or shorter than its runs');
  return { addresses, ends, bytes };
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

/** A guest reaches as deep as its stack limit lets it, and a little further before the engine notices. */
function scrubWholeStack(vm: Vm): void {
  const { dataEnd, heapBase } = vm.layout;
  vm.heap.fill(0, Math.max(dataEnd, heapBase - vm.stackReachBytes), heapBase);
}

/**
 * Zeroes what the last execution left of its stack, from the top until a step is clean. Cheap, and not complete: a frame
 * with a large operand stack that was never used leaves a clean step above others.
 */
function scrubStack(vm: Vm): void {
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  for (let end = heapBase; end > dataEnd; end -= SCRUB_BYTES) {
    const start = Math.max(dataEnd, end - SCRUB_BYTES);
    if (ZEROS.compare(memory, start, end, 0, end - start) === 0) return;
    memory.fill(0, start, end);
  }
}

function endOfContent(memory: Uint8Array, from: number, to: number): number {
  const words = new BigUint64Array(memory.buffer);
  let index = Math.min(words.length, Math.ceil(to / 8)) - 1;
  while (index * 8 >= from && words[index] === 0n) index--;
  return Math.max(from, (index + 1) * 8);
}

function collectRuns(
  runs: { address: number; end: number }[],
  memory: Uint8Array,
  base: Uint8Array,
  from: number,
  to: number,
): void {
  const baseBuffer = Buffer.from(base.buffer, base.byteOffset, base.length);
  for (let address = from; address < to; address += BLOCK_BYTES) {
    const end = Math.min(address + BLOCK_BYTES, to);
    if (blockEquals(memory, address, end, baseBuffer, address - from)) continue;
    const last = runs.at(-1);
    if (last?.end === address) last.end = end;
    else runs.push({ address, end });
  }
}

/** Beyond the end of the image everything counts as zero. */
function blockEquals(memory: Uint8Array, start: number, end: number, base: Buffer, offset: number): boolean {
  const covered = Math.max(0, Math.min(end - start, base.length - offset));
  if (covered > 0 && base.compare(memory, start, start + covered, offset, offset + covered) !== 0) return false;
  const rest = end - start - covered;
  return rest === 0 || ZEROS.compare(memory, start + covered, end, 0, rest) === 0;
}
