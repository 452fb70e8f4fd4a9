import { MAX_DEPTH } from './values/format.js';

/** The minimum size that an array or map counts as, in bytes: roughly what it costs to create. */
export const CONTAINER_BYTES = 16;
/** The minimum size that any other value counts as. */
export const VALUE_BYTES = 4;

/** V8 hashes a longer string only by its length, so such keys are compared with each other. */
const MAX_HASHED_CHARACTERS = 16_383;
const LONG_KEY_FACTOR = 32;
const GROWN_ITEMS = 1_024;

/** Bytes that are not MessagePack of plain data, or too much of it. The message follows the name of the bytes. */
export class MalformedMessageError extends Error {}

/** It may be MessagePack of plain data, but exceeds a limit. */
export class TooLargeMessageError extends MalformedMessageError {}

/**
 * Reads untrusted MessagePack: null, booleans, numbers, BigInts of 64 bits, strings, bytes, arrays, and maps
 * with strings or whole numbers as keys. Of the extension types, only timestamps (which become dates) and the
 * usual notation of `undefined` are accepted.
 *
 * Lengths are checked before anything is allocated, and values are counted while they are read. Bytes are
 * copied.
 *
 * @param maxBytes the maximum size of the message; each array and map counts at least {@link
 *   CONTAINER_BYTES}, each other value {@link VALUE_BYTES}
 * @param maxValues the maximum number of values, including keys
 * @throws MalformedMessageError
 *
 * @example readMessage(bytes, 64 * 1024); // { name: 'a', tags: ['b'] }
 */
export function readMessage(bytes: Uint8Array, maxBytes: number, maxValues = Number.POSITIVE_INFINITY): unknown {
  if (bytes.length > maxBytes) throw new TooLargeMessageError(`has ${bytes.length} bytes, more than ${maxBytes}`);
  return new MessageReader(bytes, maxBytes, maxValues).read();
}

class MessageReader {
  readonly #bytes: Buffer;
  readonly #maxBytes: number;
  #offset = 0;
  /** The counted size of the values so far. */
  #counted = 0;
  #valuesLeft: number;
  #depth = 0;

  constructor(bytes: Uint8Array, maxBytes: number, maxValues: number) {
    this.#valuesLeft = maxValues;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#maxBytes = maxBytes;
  }

  read(): unknown {
    this.#count(VALUE_BYTES);
    const value = this.#value();
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw new MalformedMessageError(`has ${left} bytes left over`);
    return value;
  }

  #value(): unknown {
    if (--this.#valuesLeft < 0) throw new TooLargeMessageError('has more values than it may have');
    const type = this.#bytes[this.#advance(1)] as number;
    if (type < 0x80) return type;
    if (type < 0x90) return this.#map(type & 0x0f);
    if (type < 0xa0) return this.#array(type & 0x0f);
    if (type < 0xc0) return this.#text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#length(type - 0xc4));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#length(type - 0xc7));
      case 0xca:
        return this.#bytes.readFloatBE(this.#advance(4));
      case 0xcb:
        return this.#bytes.readDoubleBE(this.#advance(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#length(type - 0xcc);
      case 0xcf:
        return narrow(this.#bytes.readBigUInt64BE(this.#advance(8)));
      case 0xd0:
        return this.#bytes.readInt8(this.#advance(1));
      case 0xd1:
        return this.#bytes.readInt16BE(this.#advance(2));
      case 0xd2:
        return this.#bytes.readInt32BE(this.#advance(4));
      case 0xd3:
        return narrow(this.#bytes.readBigInt64BE(this.#advance(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(2 ** (type - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#length(type - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#length(type - 0xdc + 1));
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(type - 0xde + 1));
      default:
        throw new MalformedMessageError(`has a value of unknown type 0x${type.toString(16)}`);
    }
  }

  #array(length: number): unknown[] {
    this.#enter(length);
    // Growing a long array would take as much memory again.
    const array: unknown[] = length > GROWN_ITEMS ? new Array(length) : [];
    for (let i = 0; i < length; i++) array[i] = this.#value();
    this.#depth--;
    return array;
  }

  #map(size: number): Record<string, unknown> {
    this.#enter(size * 2);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const key = this.#key();
      map[key] = this.#value();
    }
    this.#depth--;
    return map;
  }

  #key(): string {
    const key = this.#value();
    if (typeof key === 'number' && Number.isInteger(key)) return String(key);
    if (typeof key !== 'string') throw new MalformedMessageError('has a map with a key that is not a string');
    if (key.length > MAX_HASHED_CHARACTERS) this.#count(key.length * LONG_KEY_FACTOR);
    if (key === '__proto__') throw new MalformedMessageError('has a map with the key "__proto__"');
    return key;
  }

  #text(length: number): string {
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, this.#offset);
  }

  #binary(length: number): Uint8Array {
    const start = this.#advance(length);
    return Uint8Array.prototype.slice.call(this.#bytes, start, this.#offset);
  }

  #extension(length: number): Date | undefined {
    const type = this.#bytes.readInt8(this.#advance(1));
    const start = this.#advance(length);
    if (type === 0 && length === 1 && this.#bytes[start] === 0) return undefined;
    if (type === -1) return timestamp(this.#bytes.subarray(start, this.#offset));
    throw new MalformedMessageError(`has a value of the extension type ${type}: only plain data may be in it`);
  }

  /** @param items the number of items that follow, of at least a byte each */
  #enter(items: number): void {
    this.#count(CONTAINER_BYTES - VALUE_BYTES + items * VALUE_BYTES);
    if (++this.#depth > MAX_DEPTH) throw new MalformedMessageError(`is nested deeper than ${MAX_DEPTH} levels`);
    const left = this.#bytes.length - this.#offset;
    if (items > left) throw new MalformedMessageError(`claims ${items} items with ${left} bytes left`);
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    if (this.#counted > this.#maxBytes) {
      throw new TooLargeMessageError(
        `has more values than ${this.#maxBytes} bytes allow: an array or map counts ${CONTAINER_BYTES}, another value ${VALUE_BYTES}`,
      );
    }
  }

  /** An unsigned integer of 1, 2 or 4 bytes. */
  #length(power: number): number {
    const at = this.#advance(2 ** power);
    if (power === 0) return this.#bytes[at] as number;
    return power === 1 ? this.#bytes.readUInt16BE(at) : this.#bytes.readUInt32BE(at);
  }

  /** Skips bytes that must exist; returns their start. */
  #advance(length: number): number {
    const at = this.#offset;
    if (length > this.#bytes.length - at) throw new MalformedMessageError(`ends early at byte ${this.#bytes.length}`);
    this.#offset = at + length;
    return at;
  }
}

/** As a number, if that is exact. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Seconds as 32 bits; nanoseconds as 30 and seconds as 34; or as 32 and 64. */
function timestamp(bytes: Buffer): Date {
  switch (bytes.length) {
    case 4:
      return new Date(bytes.readUInt32BE(0) * 1000);
    case 8: {
      const nanoseconds = bytes.readUInt32BE(0);
      const seconds = (nanoseconds & 3) * 2 ** 32 + bytes.readUInt32BE(4);
      return new Date(seconds * 1000 + Math.floor((nanoseconds >>> 2) / 1_000_000));
    }
    case 12:
      return new Date(Number(bytes.readBigInt64BE(4)) * 1000 + Math.floor(bytes.readUInt32BE(0) / 1_000_000));
    default:
      throw new MalformedMessageError(`has a timestamp of ${bytes.length} bytes`);
  }
}
