import { MARKER_NUMBER, Tag } from '../format.js';
import { ByteReader, MalformedValueError } from './byte-reader.js';

/** The engine cannot hold a larger BigInt (1 Mbit); more is an attack on our parser. */
const MAX_BIGINT_BYTES = 128 * 1024;

/** Kind, length and offset of a typed array. Its buffer follows. */
export type ViewHead = readonly [kind: number, length: number, offset: number];

/** Reads single nodes of the format; the decoder combines them. */
export class NodeReader extends ByteReader {
  /** The size of the following BigInt, in bytes. */
  bigIntLength(): number {
    const length = this.unsigned();
    if (length > MAX_BIGINT_BYTES) throw new MalformedValueError(`has a BigInt of ${length} bytes`);
    return length;
  }

  bigInt(length: number): bigint {
    if (length === 0) return 0n;
    if (length <= 8) return this.bigInt64(length);
    const hex = Buffer.from(this.take(length)).reverse().toString('hex');
    return BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
  }

  buffer(): ArrayBuffer {
    const length = this.unsigned();
    this.unsigned();
    return new Uint8Array(this.take(length)).buffer;
  }

  viewHead(): ViewHead {
    return [this.byte(), this.unsigned(), this.unsigned()];
  }

  /** The name of a property: by its index in the table, or an array index. */
  nameFrom(names: readonly string[]): string | number {
    const number = this.unsigned();
    if (number % 2 === 1) return (number - 1) / 2;
    const name = names[number / 2 - 1];
    if (name === undefined) throw new MalformedValueError(`has property name ${number / 2}, unknown`);
    return name;
  }

  /** Whether a reference to the marker follows; if so, it is skipped. */
  passMarker(): boolean {
    if (this.peek() !== Tag.reference) return false;
    const { offset } = this;
    this.byte();
    if (this.unsigned() === MARKER_NUMBER) return true;
    this.offset = offset;
    return false;
  }
}
