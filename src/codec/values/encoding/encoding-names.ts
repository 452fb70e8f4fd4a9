import { lookedUpAs, nameIndex } from '../host-values.js';
import { ByteWriter } from './byte-writer.js';
import { Numbering } from './numbering.js';

/**
 * Records in an array usually have the same names in the same order, so the names of the last record are
 * checked first.
 */
const REMEMBERED = 32;

/** The table of property names at the head of the output. */
export class EncodingNames {
  readonly #writer = new ByteWriter();
  readonly #numbers = new Numbering<string>();
  /** By their position in the last record; no name has the number 0. */
  readonly #lastNames: string[] = new Array(REMEMBERED).fill('');
  readonly #lastNumbers: number[] = new Array(REMEMBERED).fill(0);
  #lastUsed = 0;

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
    for (let i = 0; i < this.#lastUsed; i++) this.#lastNumbers[i] = 0;
    this.#lastUsed = 0;
  }

  /**
   * The number that refers to a name.
   *
   * @param place the position of the property in its record
   */
  numberOf(name: string, place: number): number {
    if (place >= REMEMBERED) return nameIndex(name) ?? this.#numberOf(name);
    const last = this.#lastNumbers[place] as number;
    if (last !== 0 && this.#lastNames[place] === name) return last;
    const number = nameIndex(name) ?? this.#numberOf(name);
    this.#lastNames[place] = name;
    this.#lastNumbers[place] = number;
    if (place >= this.#lastUsed) this.#lastUsed = place + 1;
    return number;
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
