/** A place of the compiled text, and the place of which it was made. Lines and columns from 0, columns in UTF-16 units. */
export interface MapSegment {
  readonly column: number;
  /** Number of the file in `sources`. */
  readonly source: number;
  readonly originalLine: number;
  readonly originalColumn: number;
}

/** What is decoded between two marks: a lookup decodes no more than this, which takes some 20 µs. */
const MARK_BYTES = 1024;
/** Decoding so many bytes takes less than a millisecond. */
const BYTES_AT_ONCE = 32 * 1024;

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGIT_BITS = 5;
const CONTINUES = 1 << DIGIT_BITS;
/** A number has 31 bits. */
const MAX_SHIFT = 6 * DIGIT_BITS;
const MAX_PLACE = 2 ** 30;
const VALUE_OF = new Int8Array(256).fill(-1);
for (let digit = 0; digit < DIGITS.length; digit++) VALUE_OF[DIGITS.charCodeAt(digit)] = digit;

/** What the last segment of a line says: there is none yet, it belongs to no file, or it has a place. */
const [NONE, UNMAPPED, MAPPED] = [0, 1, 2] as const;
const FIELDS = 7;

/**
 * The field `mappings` of a source map. It stays as it is; of it, only the state of the decoder at every 1024th byte is kept, which makes
 * a lookup as quick as in a decoded map, and its memory a fortieth.
 */
export class Mappings {
  readonly #bytes: Uint8Array;
  readonly #decoder: Decoder;
  /** By mark: see {@link Decoder.mark}. */
  readonly #marks: number[] = [];

  /** @param sources the number of files */
  constructor(bytes: Uint8Array, sources: number) {
    this.#bytes = bytes;
    this.#decoder = new Decoder(bytes, sources);
    this.#decoder.mark(this.#marks);
  }

  /** Reads some more of it; returns whether there is nothing left to read. */
  readSome(): boolean {
    const decoder = this.#decoder;
    const end = decoder.at + BYTES_AT_ONCE;
    let next = (this.#marks[this.#marks.length - FIELDS] as number) + MARK_BYTES;
    while (decoder.at < end && decoder.step()) {
      if (decoder.at < next) continue;
      decoder.mark(this.#marks);
      next = decoder.at + MARK_BYTES;
    }
    return decoder.isBroken || decoder.at >= this.#bytes.length;
  }

  /** Whether what was read is not what a source map says: then no place of it is to be trusted. */
  get isBroken(): boolean {
    return this.#decoder.isBroken;
  }

  /**
   * The last segment of a line at or before a column. Of several at that very column, it is the first.
   *
   * @returns undefined if there is none, or it belongs to no file
   */
  find(line: number, column: number): MapSegment | undefined {
    const decoder = new Decoder(this.#bytes, Number.POSITIVE_INFINITY);
    decoder.reset(this.#marks, this.#markBefore(line, column) * FIELDS);
    let found = decoder.segmentIn(line);
    while (!decoder.isBehind(line, column) && decoder.step()) {
      if (decoder.isBehind(line, column)) break;
      found = decoder.segmentIn(line) ?? found;
      if (found?.column === column) break;
    }
    return found?.kind === MAPPED ? found : undefined;
  }

  /** Every segment that has a place, with its line. */
  *[Symbol.iterator](): Generator<MapSegment & { readonly line: number }> {
    const decoder = new Decoder(this.#bytes, Number.POSITIVE_INFINITY);
    while (decoder.step()) {
      const segment = decoder.segmentIn(decoder.line);
      if (segment?.kind === MAPPED && decoder.isAtSegment) yield { ...segment, line: decoder.line };
    }
  }

  /** Number of the last mark whose last segment is before a place. */
  #markBefore(line: number, column: number): number {
    let [low, high] = [0, this.#marks.length / FIELDS - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const markLine = this.#marks[middle * FIELDS + 1] as number;
      const markColumn = this.#marks[middle * FIELDS + 2] as number;
      if (markLine < line || (markLine === line && markColumn < column)) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

type LastSegment = MapSegment & { readonly kind: typeof UNMAPPED | typeof MAPPED };

/** Reads segments one after the other. Their numbers are differences to those of the segment before. */
class Decoder {
  at = 0;
  line = 0;
  isBroken = false;
  /** Whether the last step read a segment, and not the end of a line. */
  isAtSegment = false;
  readonly #bytes: Uint8Array;
  readonly #sources: number;
  #column = 0;
  #source = 0;
  #originalLine = 0;
  #originalColumn = 0;
  #kind: number = NONE;

  constructor(bytes: Uint8Array, sources: number) {
    this.#bytes = bytes;
    this.#sources = sources;
  }

  mark(marks: number[]): void {
    marks.push(this.at, this.line, this.#column, this.#source, this.#originalLine, this.#originalColumn, this.#kind);
  }

  reset(marks: readonly number[], from: number): void {
    [this.at, this.line, this.#column, this.#source, this.#originalLine, this.#originalColumn, this.#kind] =
      marks.slice(from, from + FIELDS) as [number, number, number, number, number, number, number];
  }

  /** Reads a segment or the end of a line; returns false at the end, or if it is broken. */
  step(): boolean {
    if (this.isBroken || this.at >= this.#bytes.length) return false;
    const byte = this.#bytes[this.at];
    this.isAtSegment = false;
    if (byte === SEMICOLON) {
      this.line++;
      this.#column = 0;
      this.#kind = NONE;
      this.at++;
    } else if (byte === COMMA) this.at++;
    else this.#readSegment();
    return !this.isBroken;
  }

  /** The last segment, if it is of this line. */
  segmentIn(line: number): LastSegment | undefined {
    if (this.line !== line || this.#kind === NONE) return undefined;
    return {
      column: this.#column,
      source: this.#source,
      originalLine: this.#originalLine,
      originalColumn: this.#originalColumn,
      kind: this.#kind as LastSegment['kind'],
    };
  }

  isBehind(line: number, column: number): boolean {
    return this.line > line || (this.line === line && this.#column > column);
  }

  #readSegment(): void {
    this.isAtSegment = true;
    const step = this.#number();
    // Sorted by column: what tools make is, and otherwise it could not be searched.
    if (step < 0) this.isBroken = true;
    this.#column += step;
    this.#kind = UNMAPPED;
    if (!this.#isAtEnd()) {
      this.#source += this.#number();
      this.#originalLine += this.#number();
      this.#originalColumn += this.#number();
      this.#kind = MAPPED;
      // Number of a name.
      if (!this.#isAtEnd()) this.#number();
    }
    const isPlace =
      isIn(this.#column, MAX_PLACE) && isIn(this.#originalLine, MAX_PLACE) && isIn(this.#originalColumn, MAX_PLACE);
    const isKnown = this.#kind === UNMAPPED || isIn(this.#source, this.#sources);
    if (!isPlace || !isKnown || !this.#isAtEnd()) this.isBroken = true;
  }

  #isAtEnd(): boolean {
    const byte = this.#bytes[this.at];
    return byte === undefined || byte === COMMA || byte === SEMICOLON;
  }

  /** A number as Base64 VLQ: five bits a digit, the lowest first; the lowest bit of all is the sign. */
  #number(): number {
    let value = 0;
    for (let shift = 0; shift <= MAX_SHIFT; shift += DIGIT_BITS) {
      const digit = VALUE_OF[this.#bytes[this.at++] as number] ?? -1;
      if (digit < 0 || (shift === MAX_SHIFT && digit > 1)) break;
      value |= (digit & (CONTINUES - 1)) << shift;
      if ((digit & CONTINUES) === 0) return (value & 1) === 0 ? value >> 1 : -(value >> 1);
    }
    this.isBroken = true;
    return 0;
  }
}

function isIn(value: number, end: number): boolean {
  return value >= 0 && value < end;
}
