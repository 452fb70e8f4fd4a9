/**
 * What a run does at each of its awaits crosses as numbers at fixed places: a resume from a checkpoint whose terms the worker
 * knows, and a reply without a fault. A message begins with these, and the other items of its batch follow as MessagePack.
 */

/** The first byte of such a message: no MessagePack begins with it. */
const MARK = 0xc1;
/** The mark, the number of all items and of short ones, where the rest begins, and a number. */
export const HEAD_BYTES = 24;
const COUNT_AT = 4;
const SHORT_AT = 8;
const REST_AT = 12;
const NUMBER_AT = 16;
/** A message has no more items, whatever it says. */
const MAX_ITEMS = 1 << 16;

/** A message that is being written. */
export class ShortWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = HEAD_BYTES;

  /** @param length of the whole message */
  constructor(length: number) {
    // Every byte that is read is written.
    this.bytes = Buffer.allocUnsafe(length);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, length);
  }

  head(items: number, short: number, number: number): void {
    this.#view.setUint32(0, MARK, true);
    this.#view.setUint32(COUNT_AT, items, true);
    this.#view.setUint32(SHORT_AT, short, true);
    this.#view.setFloat64(NUMBER_AT, number, true);
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  float64(value: number): void {
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  blob(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  rest(bytes: Uint8Array): void {
    this.#view.setUint32(REST_AT, this.#at, true);
    this.blob(bytes);
  }
}

export function isShortForm(message: Uint8Array): boolean {
  return message[0] === MARK;
}

/** A message that is read. All of it throws RangeError behind its end. */
export class ShortReader {
  readonly items: number;
  readonly short: number;
  readonly number: number;
  readonly rest: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = HEAD_BYTES;

  /** @throws RangeError if it is too short */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.items = this.#view.getUint32(COUNT_AT, true);
    this.short = this.#view.getUint32(SHORT_AT, true);
    this.number = this.#view.getFloat64(NUMBER_AT, true);
    if (this.items > MAX_ITEMS || this.short > this.items) throw new RangeError('A message has too many items.');
    this.rest = bytes.subarray(this.#view.getUint32(REST_AT, true));
  }

  uint32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  float64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  blob(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('A message ends too early.');
    return this.#bytes.subarray(start, this.#at);
  }
}

/** An item of a batch, and its place among all. */
export interface Placing<T> {
  readonly place: number;
  readonly item: T;
}

/** @param short in order of their places; `others` come between them, in order */
export function merged<T>(short: readonly Placing<T>[], others: readonly T[], items: number): T[] {
  if (short.length + others.length !== items) throw new RangeError(`A message has other than its ${items} items.`);
  const all: T[] = [];
  let other = 0;
  for (const { place, item } of short) {
    while (all.length < place && other < others.length) all.push(others[other++] as T);
    if (all.length !== place) throw new RangeError(`A message has no place ${place}.`);
    all.push(item);
  }
  while (other < others.length) all.push(others[other++] as T);
  return all;
}
