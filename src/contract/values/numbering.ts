/** A list longer than this is searched by hash. */
const SEARCHED = 12;

/**
 * Numbers things in the order in which they come. Most documents have so few of a kind that looking through them is several times
 * faster than filling a map and emptying it again.
 */
export class Numbering<T> {
  readonly #few: T[] = [];
  readonly #fewNumbers: number[] = [];
  readonly #many = new Map<T, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#few.length = 0;
    this.#fewNumbers.length = 0;
    if (this.#size > SEARCHED) this.#many.clear();
    this.#size = 0;
  }

  /** Undefined for what was not added. */
  numberOf(item: T): number | undefined {
    const few = this.#few;
    for (let i = 0; i < few.length; i++) if (few[i] === item) return this.#fewNumbers[i];
    return this.#size > SEARCHED ? this.#many.get(item) : undefined;
  }

  add(item: T, number: number): void {
    if (this.#size++ < SEARCHED) {
      this.#few.push(item);
      this.#fewNumbers.push(number);
    } else {
      this.#many.set(item, number);
    }
  }
}
