/** LEB128, the variable-length integers of the WebAssembly binary format (core specification, section 5.2.2). */

/** For 32 bits. */
export const MAX_UNSIGNED_BYTES = 5;
const MAX_UNSIGNED = 0xffff_ffff;

export function encodeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  writeUnsigned(bytes, 0, value);
  return bytes;
}

/** @returns the offset after it */
export function writeUnsigned(bytes: { [offset: number]: number }, offset: number, value: number): number {
  let rest = value >>> 0;
  while (rest > 0x7f) {
    bytes[offset++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[offset++] = rest;
  return offset;
}

export function encodeSigned64(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

/** A cursor over bytes; a read past the end throws a RangeError. */
export class LebReader {
  readonly bytes: Uint8Array;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  get done(): boolean {
    return this.offset >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.offset];
    if (value === undefined) throw new RangeError(`read past the end at offset ${this.offset}`);
    this.offset++;
    return value;
  }

  /** Unsigned LEB128 of up to 32 bits. */
  unsigned(): number {
    let result = 0;
    // perf: not `2 ** shift`, which costs more than the rest.
    let scale = 1;
    for (let i = 0; i < MAX_UNSIGNED_BYTES; i++) {
      const byte = this.byte();
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (result > MAX_UNSIGNED) break;
        return result;
      }
      scale *= 0x80;
    }
    throw this.tooLong();
  }

  /** Signed LEB128 of up to 32 bits. */
  signed(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      result |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return shift < 25 && (byte & 0x40) !== 0 ? result | (-1 << (shift + 7)) : result;
    }
    throw this.tooLong();
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    if (this.offset + length > this.bytes.length) throw new RangeError(`read past the end at offset ${this.offset}`);
    const slice = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return slice;
  }

  protected tooLong(): Error {
    return new RangeError(`integer longer than 32 bits at offset ${this.offset}`);
  }
}
