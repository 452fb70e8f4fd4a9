import { createHash } from 'node:crypto';

import type { Vm } from '../vm.js';

/**
 * The whole state of an idle VM: static data and heap. The stack between them has no live frame while no
 * guest code runs, so it is not included.
 */
export interface Image {
  /** `[0, dataEnd)` of linear memory. */
  readonly data: Uint8Array;
  /** From `heapBase` up to the last byte that is not zero. */
  readonly heap: Uint8Array;
  /**
   * The end of the used heap at the capture, see {@link Vm.heapEnd}: zeros between it and the content belong
   * to the image.
   */
  readonly heapEnd: number;
}

/** Copies the state out of an idle VM. */
export function captureImage(vm: Vm): Image {
  const memory = vm.heap;
  const { dataEnd, heapBase } = vm.layout;
  const { heapEnd } = vm;
  return {
    data: memory.slice(0, dataEnd),
    heap: memory.slice(heapBase, endOfContent(memory, heapBase, heapEnd)),
    heapEnd,
  };
}

/** The end of an image in linear memory. */
export function imageEnd(vm: Vm, image: Image): number {
  return vm.layout.heapBase + image.heap.length;
}

/**
 * Identifies an image by the hex SHA-256 of its content. The same engine, prelude and libraries give the same
 * base image everywhere.
 */
export function hashImage(image: Image): string {
  const lengths = new Uint32Array([image.data.length, image.heap.length]);
  return createHash('sha256').update(lengths).update(image.data).update(image.heap).digest('hex');
}

function endOfContent(memory: Uint8Array, from: number, to: number): number {
  const words = new BigUint64Array(memory.buffer);
  let index = Math.min(words.length, Math.ceil(to / 8)) - 1;
  while (index * 8 >= from && words[index] === 0n) index--;
  return Math.max(from, (index + 1) * 8);
}
