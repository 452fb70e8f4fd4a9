import { FIXED_LENGTH, Tag } from '../format.js';
import { ByteWriter } from './byte-writer.js';

const INT64_BITS = 64;

/** Writes single nodes of the format; the encoder combines them. */
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
