/** A longer chunk is split. Inserting into one of this length takes about a microsecond. */
const MAX_CHUNK = 512;

/** Ids in their order (code unit order). Adding one, deleting one, and finding one's place take about the same time however many there are. */
export class SortedIds {
  /** Chunks of ids in order, none of them empty. */
  readonly #chunks: string[][] = [];

  add(id: string): void {
    const at = Math.max(0, this.#chunkOf(id));
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([id]);
      return;
    }
    const place = placeOf(chunk, id);
    if (chunk[place] === id) return;
    chunk.splice(place, 0, id);
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  delete(id: string): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const place = placeOf(chunk, id);
    if (chunk[place] !== id) return;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  clear(): void {
    this.#chunks.length = 0;
  }

  /** The first ones behind an id, which need not be there. */
  after(id: string, limit: number): string[] {
    const found: string[] = [];
    let at = Math.max(0, this.#chunkOf(id));
    for (let from = placeBehind(this.#chunks[at] ?? [], id); at < this.#chunks.length; at++, from = 0) {
      const chunk = this.#chunks[at] as string[];
      for (let place = from; place < chunk.length; place++) {
        if (found.length >= limit) return found;
        found.push(chunk[place] as string);
      }
    }
    return found;
  }

  /** The last chunk whose first id is not behind this one; -1 if there is none. */
  #chunkOf(id: string): number {
    let low = -1;
    for (let high = this.#chunks.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.[0] as string) <= id) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Where it is, or belongs. */
function placeOf(chunk: readonly string[], id: string): number {
  let low = 0;
  for (let high = chunk.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] as string) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function placeBehind(chunk: readonly string[], id: string): number {
  const place = placeOf(chunk, id);
  return chunk[place] === id ? place + 1 : place;
}
