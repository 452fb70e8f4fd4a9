import { NOTHING, union, type Value } from './values/atoms.js';

/** The arguments of a call. What stands behind a spread may be at any place from there on. */
export class Args {
  readonly #positional: readonly Value[];
  readonly #spread: Value | undefined;
  readonly #undefined: Value;

  constructor(positional: readonly Value[], undefinedValue: Value, spread?: Value) {
    this.#positional = positional;
    this.#spread = spread;
    this.#undefined = undefinedValue;
  }

  /** How many there are at least. */
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

  /** Those from `index` on, as one value. */
  from(index: number): Value {
    return union(...this.#positional.slice(index), this.#spread ?? NOTHING);
  }

  all(): Value {
    return this.from(0);
  }

  /** Without the first `count`. */
  drop(count: number): Args {
    return new Args(this.#positional.slice(count), this.#undefined, this.#spread);
  }

  /** With others in front. */
  after(first: readonly Value[]): Args {
    return new Args([...first, ...this.#positional], this.#undefined, this.#spread);
  }
}
