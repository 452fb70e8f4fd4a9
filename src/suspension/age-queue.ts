/** Ids of the same ten minutes are as old as each other, but for the order in which they came. */
const BUCKET_MS = 10 * 60 * 1000;

/** Ids by age. Adding and removing one takes the same time however many there are. */
export class AgeQueue {
  readonly #buckets = new Map<number, Set<string>>();
  /** Of the oldest, when it is known. */
  #oldest: number | undefined;

  /** @param atMs milliseconds since the epoch, the same for {@link remove} */
  add(id: string, atMs: number): void {
    const key = Math.floor(atMs / BUCKET_MS);
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) {
      bucket.add(id);
      return;
    }
    this.#buckets.set(key, new Set([id]));
    if (this.#oldest === undefined || key < this.#oldest) this.#oldest = undefined;
  }

  remove(id: string, atMs: number): void {
    const key = Math.floor(atMs / BUCKET_MS);
    const bucket = this.#buckets.get(key);
    bucket?.delete(id);
    if (bucket?.size !== 0) return;
    this.#buckets.delete(key);
    if (key === this.#oldest) this.#oldest = undefined;
  }

  /** The id that was there first; undefined when there is none. */
  oldest(): string | undefined {
    if (this.#oldest === undefined) {
      for (const key of this.#buckets.keys()) if (this.#oldest === undefined || key < this.#oldest) this.#oldest = key;
    }
    if (this.#oldest === undefined) return undefined;
    const [id] = this.#buckets.get(this.#oldest) ?? [];
    return id;
  }
}
