import { MalformedValueError } from './byte-reader.js';

/** The work between two checks of the clock, in values of the cheapest kind: well below 1 ms. */
export const WORK_PER_LOOK = 512;
/** What values of other kinds are in those of the cheapest one. */
export const WORK = { text: 1, bigInt: 4, buffer: 16, object: 2, keyed: 16, error: 64, regExp: 32 } as const;
/** A class of Unicode characters in a RegExp; each of its characters is as much as a value. */
export const WORK_PER_UNICODE_CLASS = 512;
/** Bytes that take as long as a value. */
export const BYTES_PER_WORK = 64;
/** Even a table full of collisions takes a step for this many of its keys. */
export const KEYS_PER_WORK = 128;

/**
 * The time that a document may take: a hundred times that of honest values. A document that takes longer was
 * made to do so.
 */
const ALLOWED_MS = 1_500;
const ALLOWED_MS_PER_VALUE = 0.05;

/** The decoding time of a document, over all slices. Measured once it takes long. */
export class DecodingTime {
  readonly #now: () => number;
  /** The time before this slice, in milliseconds, and the start of this slice. */
  #spentMs = 0;
  #begunAt: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param until the end of this slice, on the clock
   * @param values the number of values so far
   * @returns whether there is time left in this slice
   * @throws MalformedValueError if it took longer than this many values may
   */
  look(until: number, values: number): boolean {
    const now = this.#now();
    this.#begunAt ??= now;
    if (this.#spentMs + now - this.#begunAt > ALLOWED_MS + ALLOWED_MS_PER_VALUE * values) {
      throw new MalformedValueError(
        'takes far longer to read than its size warrants; return arrays in place of Maps and Sets',
      );
    }
    return now < until;
  }

  endSlice(): void {
    if (this.#begunAt !== undefined) this.#spentMs += this.#now() - this.#begunAt;
    this.#begunAt = undefined;
  }
}
