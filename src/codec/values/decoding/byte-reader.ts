import { sameRanges } from '../../../support/same-ranges.js';
import { LebReader } from '../../leb128.js';
import { shortString } from './short-strings.js';

/** Malformed bytes: truncated, out of range, or of an unknown tag. */
export class MalformedValueError extends Error {
  /** Steps from the root to the value, if they are known. */
  path: readonly (string | number)[] | undefined;
}

const int64 = new DataView(new ArrayBuffer(8));

/** perf: for fewer characters, a loop is faster than a call into native code. */
const SHORT_STRING = 16;

/** A cursor over untrusted bytes. Every read is checked against the end. `offset` is only set to where it was before. */
export class ByteReader extends LebReader {
  declare readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    super(bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  override byte(): number {
    const value = this.bytes[this.offset++];
    if (value === undefined) throw new MalformedValueError(`ends early at byte ${this.offset - 1}`);
    return value;
  }

  /** The next byte, or undefined at the end. */
  peek(): number | undefined {
    return this.bytes[this.offset];
  }

  override unsigned(): number {
    // Most numbers are one byte.
    const first = this.bytes[this.offset];
    if (first !== undefined && first < 0x80) {
      this.offset++;
      return first;
    }
    return super.unsigned();
  }

  protected override tooLong(): Error {
    return new MalformedValueError(`has an integer of more than 32 bits at byte ${this.offset}`);
  }

  /** An int32 in zigzag form. */
  zigzag(): number {
    const value = this.unsigned();
    return (value >>> 1) ^ -(value & 1);
  }

  f64(): number {
    this.#need(8);
    const value = this.bytes.readDoubleLE(this.offset);
    this.offset += 8;
    return value;
  }

  string(): string {
    const header = this.unsigned();
    const length = Math.floor(header / 2);
    const wide = header % 2 === 1;
    const start = this.offset;
    this.#skip(wide ? length * 2 : length);
    if (wide) return this.bytes.toString('utf16le', start, this.offset);
    if (length >= SHORT_STRING) return this.bytes.toString('latin1', start, this.offset);
    return shortString(this.bytes, start, this.offset);
  }

  /** Whether the same string follows in both readers. Both skip it. */
  sameString(other: ByteReader): boolean {
    const start = this.offset;
    const otherStart = other.offset;
    this.skipString();
    other.skipString();
    const length = this.offset - start;
    if (length !== other.offset - otherStart) return false;
    if (length >= SHORT_STRING) {
      return sameRanges(this.bytes, start, this.offset, other.bytes, otherStart, other.offset);
    }
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== other.bytes[otherStart + i]) return false;
    return true;
  }

  skipString(): void {
    const header = this.unsigned();
    const length = Math.floor(header / 2);
    this.#skip(header % 2 === 1 ? length * 2 : length);
  }

  /**
   * @param names the table at the head of the document; indices are written as numbers with the lowest bit
   *   set
   */
  propertyName(names: readonly string[]): string {
    const number = this.unsigned();
    if (number % 2 === 1) return String((number - 1) / 2);
    const name = names[number / 2 - 1];
    if (name === undefined) throw new MalformedValueError(`has property name ${number / 2}, unknown`);
    return name;
  }

  /** A two's complement integer of 1 to 8 bytes, lowest byte first. */
  bigInt64(length: number): bigint {
    const start = this.offset;
    this.#skip(length);
    // Up to 6 bytes are exact as a number, which is by far the quickest way.
    if (length <= 6) return BigInt(this.bytes.readIntLE(start, length));
    int64.setInt32(0, this.bytes.readInt32LE(start), true);
    int64.setInt32(4, this.bytes.readIntLE(start + 4, length - 4), true);
    return int64.getBigInt64(0, true);
  }

  override take(length: number): Uint8Array {
    const start = this.offset;
    this.#skip(length);
    return this.bytes.subarray(start, this.offset);
  }

  /** A count of items of at least a byte each: it cannot exceed the number of remaining bytes. */
  count(): number {
    const count = this.unsigned();
    if (count > this.remaining)
      throw new MalformedValueError(`claims ${count} items with ${this.remaining} bytes left`);
    return count;
  }

  #skip(length: number): void {
    this.#need(length);
    this.offset += length;
  }

  #need(length: number): void {
    if (length > this.remaining) throw new MalformedValueError(`ends ${length - this.remaining} bytes early`);
  }
}
