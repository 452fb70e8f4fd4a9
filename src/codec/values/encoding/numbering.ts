/**
 * A larger map grows in steps that block the thread and need more memory at once than a thread at its limit
 * has.
 */
const MAX_MAPPED = 2 ** 16;
/** A longer list is searched by hash. */
const SEARCHED = 12;

/**
 * Numbers things in order of appearance. perf: most documents have so few of a kind that a linear search is
 * several times faster than filling and clearing a map.
 */
export class Numbering<T> {
  /** All, as long as they are few. They keep their length: to shorten a list and let it grow again takes longer than to fill it. */
  readonly #few: (T | undefined)[] = [];
  readonly #fewNumbers: number[] = [];
  /** All things, once there are more. Every map except the last is full. */
  readonly #many: Map<T, number>[] = [new Map()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** All things, if they are few. */
  get few(): readonly T[] | undefined {
    return this.#size <= SEARCHED ? (this.#few.slice(0, this.#size) as T[]) : undefined;
  }

  clear(): void {
    for (let i = Math.min(this.#size, SEARCHED) - 1; i >= 0; i--) this.#few[i] = undefined;
    if (this.#size > SEARCHED) {
      this.#many.length = 1;
      this.#many[0]?.clear();
    }
    this.#size = 0;
  }

  /** Undefined for a thing that was not added. */
  numberOf(item: T): number | undefined {
    if (this.#size <= SEARCHED) {
      const few = this.#few;
      for (let i = 0; i < this.#size; i++) if (few[i] === item) return this.#fewNumbers[i];
      return undefined;
    }
    for (const many of this.#many) {
      const number = many.get(item);
      if (number !== undefined) return number;
    }
    return undefined;
  }

  add(item: T, number: number): void {
    if (this.#size++ < SEARCHED) {
      this.#few[this.#size - 1] = item;
      this.#fewNumbers[this.#size - 1] = number;
      return;
    }
    if (this.#size === SEARCHED + 1) {
      for (let i = 0; i < SEARCHED; i++) this.#map(this.#few[i] as T, this.#fewNumbers[i] as number);
    }
    this.#map(item, number);
  }

  #map(item: T, number: number): void {
    let last = this.#many[this.#many.length - 1] as Map<T, number>;
    if (last.size === MAX_MAPPED) {
      last = new Map();
      this.#many.push(last);
    }
    last.set(item, number);
  }
}
