import { MARKER_NUMBER, Tag } from '../format.js';
import { ByteReader, MalformedValueError } from './byte-reader.js';

/** The engine cannot hold a larger one (1 Mbit); more is an attack on our own parser. */
const MAX_BIGINT_BYTES = 128 * 1024;

/** Kind, length and offset of a typed array. Its buffer comes next. */
export type ViewHead = readonly [kind: number, length: number, offset: number];

/** Reads the nodes of the format one by one; what they make together is the decoder's. */
export class NodeReader extends ByteReader {
  /** How many bytes the BigInt has that comes next. */
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

  /** The name of a property: by its number in the table, or an index. */
  nameFrom(names: readonly string[]): string | number {
    const number = this.unsigned();
    if (number % 2 === 1) return (number - 1) / 2;
    const name = names[number / 2 - 1];
    if (name === undefined) throw new MalformedValueError(`has property name ${number / 2}, unknown`);
    return name;
  }

  /** Whether a reference to the marker comes next; if so, it is passed. */
  passMarker(): boolean {
    if (this.peek() !== Tag.reference) return false;
    const { offset } = this;
    this.byte();
    if (this.unsigned() === MARKER_NUMBER) return true;
    this.offset = offset;
    return false;
  }
}
