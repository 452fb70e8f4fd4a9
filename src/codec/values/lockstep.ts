import { sameRanges } from '../../support/same-ranges.js';
import { MARKER_NUMBER, MAX_DEPTH, Tag } from './format.js';
import type { Walker } from './walker.js';

/** perf: for fewer bytes, a loop is faster than a call into native code. */
const SHORT = 96;
const INDEX_BIT = 1;

/**
 * Finds equal values quickly: it goes through both encodings at once and stops at the first difference. Most
 * values that a handler reaches were not changed.
 *
 * Names have other numbers in the two documents, and so have objects. All other bytes of equal values are the
 * same, except where the same value has two encodings: it says nothing about what it does not find to be equal.
 */
export class Lockstep {
  readonly #ours: Walker;
  readonly #theirs: Walker;
  /** By their number of a name: our number of the same name, or 0 while that is unknown. */
  readonly #known: Uint32Array;
  /** Of the open objects: how many members are left, and whether they have names. */
  readonly #left = new Uint32Array(MAX_DEPTH + 1);
  readonly #isRecord = new Uint8Array(MAX_DEPTH + 1);

  constructor(ours: Walker, theirs: Walker) {
    this.#ours = ours;
    this.#theirs = theirs;
    this.#known = new Uint32Array(theirs.names.length + 1);
    // No name has the number 0.
    this.#known[0] = 0xffff_ffff;
  }

  /**
   * @returns whether the next value is found to be equal in both documents. Then both have passed it; otherwise
   *   they are where they were
   */
  pass(): boolean {
    const a = this.#ours.reader.bytes;
    const b = this.#theirs.reader.bytes;
    const left = this.#left;
    const isRecord = this.#isRecord;
    const known = this.#known;
    const from = this.#theirs.objects;
    const shift = from - this.#ours.objects;
    let i = this.#ours.offset;
    let j = this.#theirs.offset;
    let objects = 0;
    let depth = 0;
    left[0] = 1;
    isRecord[0] = 0;
    for (;;) {
      while (left[depth] === 0) {
        if (depth === 0) {
          // Reading beyond an end gives undefined in place of a byte.
          if (i > a.length || j > b.length) return false;
          this.#ours.goTo(i, this.#ours.objects + objects);
          this.#theirs.goTo(j, from + objects);
          return true;
        }
        depth--;
      }
      left[depth] = (left[depth] as number) - 1;
      if (isRecord[depth] === 1) {
        let own = a[i++] as number;
        let name = b[j++] as number;
        if (own >= 0x80 || name >= 0x80) {
          own = longNumber(a, i - 1);
          name = longNumber(b, j - 1);
          i += bytesOf(own) - 1;
          j += bytesOf(name) - 1;
        }
        if ((name & INDEX_BIT) === 1) {
          if (name !== own) return false;
        } else if (known[name >>> 1] !== own && !this.#isSameName(own, name)) return false;
      }
      const tag = a[i++] as number;
      if (tag !== b[j++]) return false;
      switch (tag) {
        case Tag.null:
        case Tag.undefined:
        case Tag.false:
        case Tag.true:
          break;
        case Tag.int32: {
          let byte: number;
          do {
            byte = a[i++] as number;
            if (byte !== b[j++]) return false;
          } while (byte >= 0x80);
          break;
        }
        case Tag.float64:
          for (let end = i + 8; i < end; i++, j++) if (a[i] !== b[j]) return false;
          break;
        case Tag.string:
        case Tag.bigInt: {
          const size = longNumber(a, i);
          if (size !== longNumber(b, j)) return false;
          const header = bytesOf(size);
          i += header;
          j += header;
          const bytes = tag === Tag.bigInt ? size : (size >>> 1) * (1 + (size & 1));
          if (bytes > a.length - i || bytes > b.length - j) return false;
          if (bytes < SHORT) {
            for (let end = i + bytes; i < end; i++, j++) if (a[i] !== b[j]) return false;
          } else {
            if (!sameRanges(a, i, i + bytes, b, j, j + bytes)) return false;
            i += bytes;
            j += bytes;
          }
          break;
        }
        case Tag.object:
        case Tag.array: {
          const members = longNumber(a, i);
          if (members !== longNumber(b, j) || depth === MAX_DEPTH) return false;
          i += bytesOf(members);
          j += bytesOf(members);
          objects++;
          depth++;
          left[depth] = members;
          isRecord[depth] = tag === Tag.object ? 1 : 0;
          break;
        }
        case Tag.date:
          if (depth === MAX_DEPTH) return false;
          objects++;
          depth++;
          left[depth] = 1;
          isRecord[depth] = 0;
          break;
        case Tag.reference: {
          const own = longNumber(a, i);
          const number = longNumber(b, j);
          // Objects start in the same order on both sides.
          const isWithin = number >= from && number - shift === own;
          if (!isWithin && (number !== MARKER_NUMBER || own !== MARKER_NUMBER)) return false;
          i += bytesOf(own);
          j += bytesOf(number);
          break;
        }
        default:
          return false;
      }
    }
  }

  #isSameName(own: number, name: number): boolean {
    const text = this.#theirs.names[(name >>> 1) - 1];
    if ((own & INDEX_BIT) === 1 || text === undefined || text !== this.#ours.names[(own >>> 1) - 1]) return false;
    this.#known[name >>> 1] = own;
    return true;
  }
}

/** LEB128 of at most 32 bits; what is longer or ends early gives a number that equals nothing. */
function longNumber(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return first;
  let result = first & 0x7f;
  let scale = 0x80;
  for (let i = at + 1; i < at + 5; i++) {
    const byte = bytes[i] as number;
    result += (byte & 0x7f) * scale;
    // Not in its shortest form, a number has another length than bytesOf says.
    if (byte < 0x80) return byte === 0 || result > 0xffff_ffff ? Number.NaN : result;
    scale *= 0x80;
  }
  return Number.NaN;
}

/** The length of a number in LEB128. */
function bytesOf(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
