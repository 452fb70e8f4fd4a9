import { lookedUpAs, nameIndex } from '../host-values.js';
import { ByteWriter } from './byte-writer.js';
import { Numbering } from './numbering.js';

/** How many places in a document are told apart, a power of two. */
export const NAME_SITES = 16;
/** Of the names of a record, so many. */
const REMEMBERED = 32;

/**
 * The table of property names at the head of the output.
 *
 * Records at the same place of like values, such as those of an array, usually have the same names in the same
 * order. So the names of the last record there are checked first.
 */
export class EncodingNames {
  readonly #writer = new ByteWriter();
  readonly #numbers = new Numbering<string>();
  /** By site, and by their position in the last record there; no name has the number 0. */
  readonly #lastNames: string[] = new Array(NAME_SITES * REMEMBERED).fill('');
  readonly #lastNumbers = new Float64Array(NAME_SITES * REMEMBERED);

  /** The number of names. */
  get size(): number {
    return this.#numbers.size;
  }

  get byteLength(): number {
    return this.#writer.length;
  }

  reset(): void {
    this.#writer.reset();
    this.#numbers.clear();
    this.#lastNumbers.fill(0);
  }

  /**
   * The number that refers to a name.
   *
   * @param site of the record, less than {@link NAME_SITES}
   * @param place the position of the property in its record
   */
  numberOf(name: string, site: number, place: number): number {
    if (place >= REMEMBERED) return nameIndex(name) ?? this.#numberOf(name);
    const slot = site * REMEMBERED + place;
    const last = this.#lastNumbers[slot] as number;
    if (last !== 0 && this.#lastNames[slot] === name) return last;
    const number = nameIndex(name) ?? this.#numberOf(name);
    this.#lastNames[slot] = name;
    this.#lastNumbers[slot] = number;
    return number;
  }

  get parts(): readonly Uint8Array[] {
    return this.#writer.parts;
  }

  copyInto(target: Uint8Array, offset: number): void {
    this.#writer.copyInto(target, offset);
  }

  #numberOf(name: string): number {
    const key = lookedUpAs(name);
    const known = this.#numbers.numberOf(key);
    if (known !== undefined) return known;
    // Zero is not an atom; a number is shifted left by one, see nameIndex.
    const number = (this.#numbers.size + 1) * 2;
    this.#numbers.add(key, number);
    this.#writer.string(name);
    return number;
  }
}
