/**
 * A larger set grows in steps that block the thread and need more memory at once than a thread at its limit
 * has.
 */
const CHUNK = 2 ** 16;
/** A longer list is searched by hash. */
const SEARCHED = 12;

/** Objects in order of their numbers. The numbers are looked up only when an object occurs again, which is rare. */
class Chunk {
  readonly #objects = new Set<object>();
  readonly #numbers: number[] = [];
  #byObject: Map<object, number> | undefined;

  get isFull(): boolean {
    return this.#numbers.length === CHUNK;
  }

  has(object: object): boolean {
    return this.#objects.has(object);
  }

  /** @returns whether it is new */
  add(object: object, number: number): boolean {
    // perf: asking and adding are one step, because hashing an object takes most of the time.
    const { size } = this.#objects.add(object);
    if (size === this.#numbers.length) return false;
    this.#numbers.push(number);
    this.#byObject?.set(object, number);
    return true;
  }

  numberOf(object: object): number | undefined {
    if (this.#byObject === undefined) {
      this.#byObject = new Map();
      let i = 0;
      for (const each of this.#objects) this.#byObject.set(each, this.#numbers[i++] as number);
    }
    return this.#byObject.get(object);
  }
}

/**
 * The objects that were encoded, by identity, and the number of each. perf: most documents have so few that a
 * linear search is several times faster than filling and clearing a set.
 */
export class ObjectNumbers {
  /** They keep their length: to shorten a list and let it grow again takes longer than to fill it. */
  readonly #few: (object | undefined)[] = [];
  readonly #fewNumbers: number[] = [];
  /** All objects behind the few. Every chunk except the last is full. */
  #chunks: Chunk[] = [];
  #fewSize = 0;

  clear(): void {
    for (let i = this.#fewSize - 1; i >= 0; i--) this.#few[i] = undefined;
    this.#fewSize = 0;
    if (this.#chunks.length > 0) this.#chunks = [];
  }

  /** All objects, if they are few. */
  get few(): readonly object[] | undefined {
    return this.#chunks.length === 0 ? (this.#few.slice(0, this.#fewSize) as object[]) : undefined;
  }

  has(object: object): boolean {
    return this.#few.indexOf(object) >= 0 || this.#chunks.some((chunk) => chunk.has(object));
  }

  /**
   * Adds an object with this number if it is new.
   *
   * @returns the number of an object that was added before
   */
  knownOrAdd(object: object, number: number): number | undefined {
    const few = this.#few;
    const size = this.#fewSize;
    for (let i = 0; i < size; i++) if (few[i] === object) return this.#fewNumbers[i];
    if (size < SEARCHED) {
      few[size] = object;
      this.#fewNumbers[size] = number;
      this.#fewSize = size + 1;
      return undefined;
    }
    return this.#knownOrAddByHash(object, number);
  }

  #knownOrAddByHash(object: object, number: number): number | undefined {
    const chunks = this.#chunks;
    for (let i = 0; i < chunks.length - 1; i++) {
      const chunk = chunks[i] as Chunk;
      if (chunk.has(object)) return chunk.numberOf(object);
    }
    let last = chunks[chunks.length - 1];
    if (last === undefined || last.isFull) {
      if (last?.has(object)) return last.numberOf(object);
      last = new Chunk();
      chunks.push(last);
    }
    return last.add(object, number) ? undefined : last.numberOf(object);
  }
}
