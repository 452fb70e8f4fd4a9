import { asShared } from '../../support/bytes/shared-bytes.js';

/** Bytes from this size on are shared: copying them into and out of the message would cost more. */
const SHARED_FROM_BYTES = 16 * 1024;

/** Bytes in the message, or the index of an item of `Message.shared`. */
export type PlacedBytes = Uint8Array | number;

/** Items by index, each included once. */
export class ItemTable<T> {
  readonly items: T[] = [];

  numberOf(item: T): number {
    const known = this.items.lastIndexOf(item);
    return known >= 0 ? known : this.items.push(item) - 1;
  }
}

/** @throws RangeError if a message refers to an item that it does not contain */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`A message names item ${index} of ${items.length}.`);
  return item;
}

export function isLarge(bytes: Uint8Array): boolean {
  return bytes.length >= SHARED_FROM_BYTES;
}

/** @param shared receives large bytes */
export function place(bytes: Uint8Array, shared: ItemTable<Uint8Array>): PlacedBytes {
  return isLarge(bytes) ? shared.numberOf(asShared(bytes)) : bytes;
}

export function placed(bytes: PlacedBytes, shared: readonly Uint8Array[]): Uint8Array {
  return typeof bytes === 'number' ? at(shared, bytes) : bytes;
}
