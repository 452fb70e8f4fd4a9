import { LRUCache } from 'lru-cache';

import { type CompiledHandler, handlerBytes } from '../compiler/compiled-handler.js';

export interface MemoryTierStats {
  readonly entries: number;
  readonly bytes: number;
  readonly evictions: number;
}

/** The nearest tier: handlers ready to run, least recently used first out, bounded in bytes. */
export class MemoryTier {
  readonly #maxBytes: number;
  readonly #entries: LRUCache<string, CompiledHandler> | undefined;
  #evictions = 0;

  /** @param maxBytes 0 keeps nothing */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    if (maxBytes === 0) return;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: handlerBytes,
      dispose: (_handler, _key, reason) => {
        if (reason === 'evict') this.#evictions++;
      },
    });
  }

  get(key: string): CompiledHandler | undefined {
    return this.#entries?.get(key);
  }

  /** A handler larger than the whole tier is used, but not kept. */
  put(handler: CompiledHandler): void {
    if (handlerBytes(handler) <= this.#maxBytes) this.#entries?.set(handler.key, handler);
  }

  clear(): void {
    this.#entries?.clear();
  }

  stats(): MemoryTierStats {
    return {
      entries: this.#entries?.size ?? 0,
      bytes: this.#entries?.calculatedSize ?? 0,
      evictions: this.#evictions,
    };
  }
}
