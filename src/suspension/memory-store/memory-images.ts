import type { StoredImage, StoredImages } from '../../api/suspension-store.js';
import { checkImage } from '../check.js';

/** Base images in the memory of this process. */
export class MemoryImages implements StoredImages {
  readonly #images = new Map<string, { readonly content: Uint8Array; readonly putAtMs: number }>();
  readonly #requireOpen: () => void;

  /** @param requireOpen throws when the store is closed */
  constructor(requireOpen: () => void) {
    this.#requireOpen = requireOpen;
  }

  async put(id: string, content: Uint8Array, nowMs: number): Promise<void> {
    this.#requireOpen();
    checkImage(id, content, nowMs);
    this.#images.set(id, { content: new Uint8Array(content), putAtMs: nowMs });
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    this.#requireOpen();
    return this.#images.get(id)?.content;
  }

  async list(): Promise<readonly StoredImage[]> {
    this.#requireOpen();
    const ids = [...this.#images.keys()].sort();
    return ids.flatMap((id) => {
      const found = this.#images.get(id);
      return found === undefined ? [] : [{ id, bytes: found.content.length, putAtMs: found.putAtMs }];
    });
  }

  async delete(id: string, putAtMs: number): Promise<boolean> {
    this.#requireOpen();
    return this.#images.get(id)?.putAtMs === putAtMs && this.#images.delete(id);
  }

  clear(): void {
    this.#images.clear();
  }
}
