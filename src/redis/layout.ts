/** First characters of run ids, in code unit order: each is a partition, with a hash tag of its own, and all of it is in one slot. */
export const PARTITIONS: readonly string[] = [...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'];

/** What the keys of one application begin with. */
export class Layout {
  readonly #prefix: string;
  /** What belongs to the store as a whole. */
  readonly meta: string;
  readonly images: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.meta = `{${prefix}:meta}:`;
    this.images = `{${prefix}:images}:`;
  }

  ofPartition(partition: string): string {
    return `{${this.#prefix}:${partition}}:`;
  }

  ofRun(runId: string): string {
    return this.ofPartition(runId.slice(0, 1));
  }
}
