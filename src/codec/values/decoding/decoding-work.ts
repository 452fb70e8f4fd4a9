import { MalformedValueError } from './byte-reader.js';

/** Work between two looks at the clock, in values of the cheapest kind: well below 1 ms. */
export const WORK_PER_LOOK = 512;
/** What values of other kinds are in those of the cheapest one. */
export const WORK = { text: 1, bigInt: 4, buffer: 16, object: 2, keyed: 16, error: 64, regExp: 32 } as const;
/** A class of Unicode characters in a RegExp; each of its characters is as much as a value. */
export const WORK_PER_UNICODE_CLASS = 512;
/** Bytes that take as long as a value. */
export const BYTES_PER_WORK = 64;
/** A table that is ever so full of collisions takes a step for every so many of its keys. */
export const KEYS_PER_WORK = 128;

/** What a document may take: a hundred times what honest values take. Beyond it, it was made to take long. */
const ALLOWED_MS = 1_500;
const ALLOWED_MS_PER_VALUE = 0.05;

/** How long a document takes, over all slices. Known once it takes its time. */
export class DecodingTime {
  readonly #now: () => number;
  /** Before this slice, in milliseconds, and since when this one goes on. */
  #spentMs = 0;
  #begunAt: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @param until on the clock
   * @param values that were read so far
   * @returns whether there is time left in this slice
   * @throws MalformedValueError when it took longer than so many values may
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
