import { NOTHING, union, type Value } from './values/atoms.js';

/** The arguments of a call. Values from a spread may be at any position from there on. */
export class Args {
  readonly #positional: readonly Value[];
  readonly #spread: Value | undefined;
  readonly #undefined: Value;

  constructor(positional: readonly Value[], undefinedValue: Value, spread?: Value) {
    this.#positional = positional;
    this.#spread = spread;
    this.#undefined = undefinedValue;
  }

  /** The minimum number of arguments. */
  get count(): number {
    return this.#positional.length;
  }

  get hasSpread(): boolean {
    return this.#spread !== undefined;
  }

  at(index: number): Value {
    const value = this.#positional[index];
    if (value !== undefined) return value;
    return this.#spread === undefined ? this.#undefined : union(this.#spread, this.#undefined);
  }

  /** The arguments from `index` on, as one value. */
  from(index: number): Value {
    return union(...this.#positional.slice(index), this.#spread ?? NOTHING);
  }

  all(): Value {
    return this.from(0);
  }

  /** The arguments without the first `count`. */
  drop(count: number): Args {
    return new Args(this.#positional.slice(count), this.#undefined, this.#spread);
  }

  /** The arguments with others before them. */
  after(first: readonly Value[]): Args {
    return new Args([...first, ...this.#positional], this.#undefined, this.#spread);
  }
}
