/** Ids of the same ten minutes count as equally old, in order of arrival. */
const BUCKET_MS = 10 * 60 * 1000;

/** Ids by age. Adding and removing take constant time. */
export class AgeQueue {
  readonly #buckets = new Map<number, Set<string>>();
  /** The bucket of the oldest, if it is known. */
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

  /** The id that was added first; undefined if there is none. */
  oldest(): string | undefined {
    if (this.#oldest === undefined) {
      for (const key of this.#buckets.keys()) if (this.#oldest === undefined || key < this.#oldest) this.#oldest = key;
    }
    if (this.#oldest === undefined) return undefined;
    const [id] = this.#buckets.get(this.#oldest) ?? [];
    return id;
  }
}
