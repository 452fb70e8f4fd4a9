import { writeUnsigned } from '../../leb128.js';
import { FIXED_LENGTH, Tag } from '../format.js';
import { ByteWriter } from './byte-writer.js';
import { VALUES_PER_LOOK } from './encoding-cost.js';
import type { Level } from './encoding-levels.js';
import type { EncodingNames } from './encoding-names.js';

const INT64_BITS = 64;
/** For the number of a name, and a tag with a number behind it. */
const MEMBER_BYTES = 16;
/** After a longer string, the clock may have to be looked at. */
const LONG_STRING = 1_024;

/** Distinct from every value. */
export const NOTHING = Symbol('no value is left to the caller');

/** Writes nodes of the format; the encoder combines them. */
export class NodeWriter extends ByteWriter {
  /** Starts an object or array with this many members, which follow. */
  begin(tag: number, members: number): void {
    this.u8(tag);
    this.unsigned(members);
  }

  reference(number: number): void {
    this.u8(Tag.reference);
    this.unsigned(number);
  }

  text(value: string): void {
    this.u8(Tag.string);
    this.string(value);
  }

  number(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.u8(Tag.int32);
      this.zigzag(value);
    } else {
      this.u8(Tag.float64);
      this.f64(value);
    }
  }

  /**
   * Writes the next members of a record: a limited number, and only up to one that is neither string, number, boolean,
   * undefined nor null. Of that one, the name is written.
   *
   * @returns the value that the caller has to write, or {@link NOTHING}
   */
  members(level: Level, names: EncodingNames): unknown {
    const { site } = level;
    const keys = level.items as readonly string[];
    const record = level.value as Readonly<Record<string, unknown>>;
    const end = Math.min(level.count, level.index + VALUES_PER_LOOK);
    for (let { index } = level; index < end; index++) {
      const key = keys[index] as string;
      // First: if an accessor throws, the path names it.
      level.index = index + 1;
      this.reserve(MEMBER_BYTES);
      const number = names.numberOf(key, site, index);
      if (number < 0x80) this.bytes[this.length++] = number;
      else this.length = writeUnsigned(this.bytes, this.length, number);
      const value = record[key];
      if (!this.#primitive(value)) return value;
      if (typeof value === 'string' && value.length > LONG_STRING) break;
    }
    return NOTHING;
  }

  /** {@link members} of an array. */
  items(level: Level): unknown {
    const array = level.value as readonly unknown[];
    const end = Math.min(level.count, level.index + VALUES_PER_LOOK);
    for (let { index } = level; index < end; index++) {
      level.index = index + 1;
      this.reserve(MEMBER_BYTES);
      const value = array[index];
      if (!this.#primitive(value)) return value;
      if (typeof value === 'string' && value.length > LONG_STRING) break;
    }
    return NOTHING;
  }

  /** There is room for a number. */
  #primitive(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
        this.bytes[this.length++] = Tag.string;
        this.string(value);
        return true;
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
          this.bytes[this.length++] = Tag.int32;
          const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
          if (zigzag < 0x80) this.bytes[this.length++] = zigzag;
          else this.length = writeUnsigned(this.bytes, this.length, zigzag);
        } else {
          this.bytes[this.length++] = Tag.float64;
          this.numbers.setFloat64(this.length, value, true);
          this.length += 8;
        }
        return true;
      case 'boolean':
        this.bytes[this.length++] = value ? Tag.true : Tag.false;
        return true;
      case 'undefined':
        this.bytes[this.length++] = Tag.undefined;
        return true;
      default:
        if (value !== null) return false;
        this.bytes[this.length++] = Tag.null;
        return true;
    }
  }

  date(milliseconds: number): void {
    this.u8(Tag.date);
    this.u8(Tag.float64);
    this.f64(milliseconds);
  }

  /**
   * Two's complement in as few bytes as hold the sign.
   *
   * @returns their number, if it took time to determine it
   */
  bigInt(value: bigint): number {
    this.u8(Tag.bigInt);
    if (BigInt.asIntN(INT64_BITS, value) === value) {
      this.bigInt64(value);
      return 0;
    }
    const magnitude = value < 0n ? -value - 1n : value;
    // The sign needs a bit.
    const digits = magnitude.toString(16);
    const isHighDigit = digits.charCodeAt(0) > 0x37;
    const bytes = Math.floor((digits.length + (isHighDigit ? 1 : 0) + 1) / 2);
    const hex = BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0');
    this.unsigned(bytes);
    this.raw(Buffer.from(hex, 'hex').reverse());
    return bytes;
  }

  buffer(bytes: Uint8Array): void {
    this.u8(Tag.arrayBuffer);
    this.unsigned(bytes.length);
    this.unsigned(FIXED_LENGTH);
    this.raw(bytes);
  }

  /** A typed array over the whole following buffer. */
  view(kind: number, length: number): void {
    this.u8(Tag.typedArray);
    this.u8(kind);
    this.unsigned(length);
    this.unsigned(0);
  }
}
