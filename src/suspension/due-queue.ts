/** An id, and when it is due. */
interface Entry {
  readonly atMs: number;
  readonly id: string;
}

/** Ids by the time at which they are due: a binary heap. An id may be in it more than once. */
export class DueQueue {
  readonly #heap: Entry[] = [];

  add(atMs: number, id: string): void {
    const heap = this.#heap;
    let at = heap.push({ atMs, id }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= this.#at(at)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** When the first one is due; infinity if there is none. */
  get firstMs(): number {
    return this.#at(0);
  }

  /** Takes out what is due first, if it is due by then. */
  take(nowMs: number): Entry | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = heap.pop() as Entry;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(least) >= this.#at(at)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    [heap[one], heap[other]] = [heap[other] as Entry, heap[one] as Entry];
  }
}
