const SOURCE = 'source';
const FIXED_MAP = 0x80;
const MAP_16 = 0xde;
const FIXED_TEXT = 0xa0;
const TEXT_8 = 0xd9;
const TEXT_16 = 0xda;
export const TEXT_32 = 0xdb;
const UNSIGNED_8 = 0xcc;
const UNSIGNED_64 = 0xcf;

/** The place of the source in an encoded header. */
export interface SourcePlace {
  /** The start of the value, including its type and length. */
  readonly start: number;
  /** The start of the text. */
  readonly textStart: number;
  readonly end: number;
}

/**
 * Finds the source in the MessagePack of an artifact's header, so that a long one can be decoded and encoded
 * separately. It supports only what headers contain: a map of names to strings and numbers.
 *
 * @returns undefined if it is not such a header; reading the whole header reports the reason
 */
export function locateSource(encoded: Buffer): SourcePlace | undefined {
  try {
    const type = encoded.readUInt8(0);
    if (type !== MAP_16 && (type & 0xf0) !== FIXED_MAP) return undefined;
    const fields = type === MAP_16 ? encoded.readUInt16BE(1) : type & 0x0f;
    let at = type === MAP_16 ? 3 : 1;
    for (let field = 0; field < fields; field++) {
      const name = skipValue(encoded, at);
      if (name === undefined) return undefined;
      const value = skipValue(encoded, name.end);
      if (value === undefined) return undefined;
      if (
        encoded.toString('latin1', name.textStart, Math.min(name.end, name.textStart + SOURCE.length + 1)) === SOURCE
      ) {
        return value;
      }
      at = value.end;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

function skipValue(bytes: Buffer, start: number): SourcePlace | undefined {
  const type = bytes.readUInt8(start);
  const text = (textStart: number, length: number): SourcePlace | undefined =>
    textStart + length <= bytes.length ? { start, textStart, end: textStart + length } : undefined;
  if ((type & 0xe0) === FIXED_TEXT) return text(start + 1, type & 0x1f);
  if (type === TEXT_8) return text(start + 2, bytes.readUInt8(start + 1));
  if (type === TEXT_16) return text(start + 3, bytes.readUInt16BE(start + 1));
  if (type === TEXT_32) return text(start + 5, bytes.readUInt32BE(start + 1));
  if (type < FIXED_MAP) return text(start + 1, 0);
  if (type >= UNSIGNED_8 && type <= UNSIGNED_64) return text(start + 1, 2 ** (type - UNSIGNED_8));
  return undefined;
}
