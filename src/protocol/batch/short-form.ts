/**
 * What a run does at each of its awaits crosses as numbers at fixed places: a resume from a checkpoint whose terms the worker
 * knows, and a reply without a fault. A message begins with these, and the other items of its batch follow as MessagePack.
 */

/** An item as numbers and bytes, and its place in the batch. */
export interface ShortItem {
  readonly place: number;
  readonly numbers: readonly number[];
  readonly blob: Uint8Array;
}

/** The first byte of such a message: no MessagePack begins with it. */
const MARK = 0xc1;
/** The mark, the number of all items and of short ones, where the rest begins, and a number. */
const HEAD_BYTES = 24;

/**
 * @param items how many there are in all
 * @param rest all others
 */
export function writeShortForm(
  short: readonly ShortItem[],
  items: number,
  rest: Uint8Array | undefined,
  number = 0,
): Uint8Array {
  let at = HEAD_BYTES;
  for (const { numbers, blob } of short) at += 8 + numbers.length * 8 + blob.length;
  // Every byte that is read is written.
  const bytes = Buffer.allocUnsafe(at + (rest?.length ?? 0));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(0, MARK, true);
  view.setUint32(4, items, true);
  view.setUint32(8, short.length, true);
  view.setUint32(12, at, true);
  view.setFloat64(16, number, true);
  if (rest !== undefined) bytes.set(rest, at);
  at = HEAD_BYTES;
  for (const { place, numbers, blob } of short) {
    view.setUint32(at, place, true);
    view.setUint32(at + 4, blob.length, true);
    at += 8;
    for (const value of numbers) {
      view.setFloat64(at, value, true);
      at += 8;
    }
    bytes.set(blob, at);
    at += blob.length;
  }
  return bytes;
}

export function isShortForm(message: Uint8Array): boolean {
  return message[0] === MARK;
}

/**
 * @param count of the numbers of each item
 * @param read makes an item of a short one
 * @param readRest makes all others of the rest of the message
 * @throws RangeError if it does not hold what it says
 */
export function readShortForm<T>(
  bytes: Uint8Array,
  count: number,
  read: (item: ShortItem) => T,
  readRest: (rest: Uint8Array) => readonly T[],
): { readonly items: T[]; readonly number: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = view.getUint32(4, true);
  const number = view.getFloat64(16, true);
  const short: T[] = [];
  const places: number[] = [];
  let at = HEAD_BYTES;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    const place = view.getUint32(at, true);
    const start = at + 8 + count * 8;
    const numbers: number[] = [];
    for (at += 8; at < start; at += 8) numbers.push(view.getFloat64(at, true));
    at = start + view.getUint32(start - count * 8 - 4, true);
    if (at > bytes.length) throw damaged();
    short.push(read({ place, numbers, blob: bytes.subarray(start, at) }));
    places.push(place);
  }
  const rest = bytes.subarray(view.getUint32(12, true));
  const others = rest.length === 0 ? [] : readRest(rest);
  const items: T[] = [];
  let other = 0;
  for (const [i, item] of short.entries()) {
    while (items.length < (places[i] as number) && other < others.length) items.push(others[other++] as T);
    if (items.length !== places[i]) throw damaged();
    items.push(item);
  }
  items.push(...others.slice(other));
  if (items.length !== size) throw damaged();
  return { items, number };
}

function damaged(): RangeError {
  return new RangeError('A message does not hold what it says.');
}
