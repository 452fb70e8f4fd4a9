/** A counter for each value of its label, or for each combination of its labels in order. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(label: string, by = 1): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + by);
  }

  get(label: string): number {
    return this.#counts.get(label) ?? 0;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  entries(): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }

  toObject(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/** A histogram with fixed bounds. */
export class Buckets {
  readonly bounds: readonly number[];
  /**
   * Values up to the bound of the same index and above the previous one; the last counts those above all
   * bounds.
   */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
    this.count++;
  }
}
