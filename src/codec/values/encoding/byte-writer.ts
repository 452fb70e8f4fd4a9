import { MAX_UNSIGNED_BYTES, writeUnsigned } from '../../leb128.js';

const INITIAL_BYTES = 4 * 1024;
/** A larger buffer is kept only as long as values fill a good part of it, and never beyond the second bound. */
const KEPT_BYTES = 256 * 1024;
const KEPT_IN_USE_BYTES = 4 * 1024 * 1024;
const GOOD_PART = 8;

/** From this size on, what was written is put aside between two values: growing would copy it, which blocks the thread. */
const PART_BYTES = 1024 * 1024;

/** perf: for fewer characters, a loop is faster than calls into native code. */
const SHORT_STRING = 64;
/** Room is made for somewhat more than is written. */
const SLACK_BYTES = 64;

const INT64_BYTES = 8;
const int8 = new Int8Array(INT64_BYTES);
const int64 = new DataView(int8.buffer);

/** The limit of bytes was exceeded. */
export class TooManyBytesError extends Error {}

/** A growing byte buffer that is reused. */
export class ByteWriter {
  protected bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** A view of the same bytes. */
  protected numbers = viewOf(this.bytes);
  /** Of the bytes that are not put aside. */
  length = 0;
  readonly #parts: Buffer[] = [];
  #partBytes = 0;
  /** Growing beyond this many bytes throws {@link TooManyBytesError}. */
  limit = Number.POSITIVE_INFINITY;

  /** All bytes that were written. */
  get byteLength(): number {
    return this.#partBytes + this.length;
  }

  /** Between two values: puts aside what is large, so that it is not copied again before the end. */
  putAside(): void {
    if (this.length < PART_BYTES) return;
    this.#parts.push(this.bytes.subarray(0, this.length));
    this.#partBytes += this.length;
    this.length = 0;
    this.#use(Buffer.allocUnsafeSlow(2 * PART_BYTES));
  }

  /** When they were copied. Their length still counts. */
  dropParts(): void {
    if (this.#parts.length > 0) this.#parts.length = 0;
  }

  reset(): void {
    this.dropParts();
    this.#partBytes = 0;
    const { length } = this.bytes;
    const isKept = length <= KEPT_BYTES || (length <= KEPT_IN_USE_BYTES && this.length * GOOD_PART > length);
    this.length = 0;
    if (!isKept) this.#use(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  }

  u8(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.bytes[this.length++] = value & 0xff;
    this.bytes[this.length++] = value >>> 8;
  }

  unsigned(value: number): void {
    this.reserve(MAX_UNSIGNED_BYTES);
    if (value < 0x80) this.bytes[this.length++] = value;
    else this.length = writeUnsigned(this.bytes, this.length, value);
  }

  /** An int32 in zigzag form: the sign is the lowest bit, so small magnitudes stay short. */
  zigzag(value: number): void {
    this.unsigned(((value << 1) ^ (value >> 31)) >>> 0);
  }

  f64(value: number): void {
    this.reserve(8);
    this.numbers.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /**
   * The length in bytes, then two's complement in as few bytes as hold the sign, lowest first. The value has
   * at most 64 bits.
   */
  bigInt64(value: bigint): void {
    this.reserve(1 + INT64_BYTES);
    int64.setBigInt64(0, value, true);
    let last = INT64_BYTES - 1;
    // A byte that only repeats the previous sign is redundant.
    while (last > 0 && int8[last] === ((int8[last - 1] as number) < 0 ? -1 : 0)) last--;
    if (last === 0 && int8[0] === 0) last = -1;
    this.bytes[this.length++] = last + 1;
    for (let i = 0; i <= last; i++) this.bytes[this.length++] = int8[i] as number;
  }

  /** The length with the width in its lowest bit, then Latin-1 bytes or UTF-16 code units. */
  string(text: string): void {
    const { length } = text;
    this.reserve(5 + length);
    let wide = false;
    const header = this.length;
    this.unsigned(length * 2);
    let at = this.length;
    if (length < SHORT_STRING) {
      const bytes = this.bytes;
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0xff) {
          wide = true;
          break;
        }
        bytes[at++] = unit;
      }
    } else {
      wide = /[\u0100-\uffff]/.test(text);
      if (!wide) at += this.bytes.write(text, at, length, 'latin1');
    }
    if (!wide) {
      this.length = at;
      return;
    }
    this.length = header;
    this.unsigned(length * 2 + 1);
    this.reserve(length * 2);
    this.length += this.bytes.write(text, this.length, length * 2, 'utf16le');
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  copyInto(target: Uint8Array, offset: number): void {
    for (const part of this.parts) {
      target.set(part, offset);
      offset += part.length;
    }
  }

  /** The bytes in order, in parts of at most some MB unless a single string or buffer has more. Views, not copies. */
  get parts(): readonly Uint8Array[] {
    return [...this.#parts, this.bytes.subarray(0, this.length)];
  }

  /** Makes room. A few bytes more than the limit are no error as long as they are not used. */
  protected reserve(bytes: number): void {
    if (this.length + bytes > this.bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    if (this.byteLength + bytes > this.limit + SLACK_BYTES) throw new TooManyBytesError();
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + bytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.#use(larger);
  }

  #use(bytes: Buffer<ArrayBuffer>): void {
    this.bytes = bytes;
    this.numbers = viewOf(bytes);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer<ArrayBuffer>): DataView {
  return new DataView(buffer, byteOffset, length);
}
