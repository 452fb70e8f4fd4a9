import { LRUCache } from 'lru-cache';
import { systemTime } from '../support/timers.js';
import { type CacheEntry, entryBytes } from './cache-entry.js';
import type { CacheTier, TierStats } from './tier.js';

/** The use of an entry in memory. */
export interface EntryUse {
  readonly key: string;
  readonly namespace: string;
  readonly filename: string;
  readonly bytes: number;
  /** The number of lookups that found it. */
  readonly accessCount: number;
  /** Milliseconds since the epoch. */
  readonly lastAccessMs: number;
}

interface Slot {
  readonly entry: CacheEntry;
  accessCount: number;
  lastAccessMs: number;
}

/**
 * The fastest tier: entries in memory, limited in bytes, evicting the least recently used. Every operation is
 * O(1).
 */
export class MemoryTier implements CacheTier {
  readonly #maxBytes: number;
  readonly #slots: LRUCache<string, Slot> | undefined;
  readonly #now: () => number;
  #evictions = 0;

  /**
   * @param maxBytes 0 keeps nothing
   * @param now milliseconds since the epoch
   * @param onEvicted called with the key of each evicted entry
   */
  constructor(maxBytes: number, now: () => number = systemTime, onEvicted: (key: string) => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#now = now;
    if (maxBytes === 0) return;
    this.#slots = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ entry }) => entryBytes(entry) + 1,
      dispose: (_slot, key, reason) => {
        if (reason !== 'evict') return;
        this.#evictions++;
        onEvicted(key);
      },
    });
  }

  /** {@link get} without a turn of the event loop. */
  peek(key: string): CacheEntry | undefined {
    const slot = this.#slots?.get(key);
    if (slot === undefined) return undefined;
    slot.accessCount++;
    slot.lastAccessMs = this.#now();
    return slot.entry;
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    return this.peek(key);
  }

  /** {@link put} without a turn of the event loop. An entry larger than the whole tier is not kept. */
  keep(entry: CacheEntry): boolean {
    if (this.#slots === undefined || entryBytes(entry) + 1 > this.#maxBytes) return false;
    this.#slots.set(entry.key, { entry, accessCount: 0, lastAccessMs: this.#now() });
    return true;
  }

  async put(entry: CacheEntry): Promise<boolean> {
    return this.keep(entry);
  }

  async delete(key: string): Promise<void> {
    this.#slots?.delete(key);
  }

  async clear(): Promise<void> {
    this.#slots?.clear();
  }

  stats(): TierStats {
    const slots = this.#slots;
    if (slots === undefined) return { entries: 0, bytes: 0, evictions: 0 };
    return { entries: slots.size, bytes: slots.calculatedSize - slots.size, evictions: this.#evictions };
  }

  /** The most recently used entries, newest first. */
  *uses(): Generator<EntryUse> {
    for (const { entry, accessCount, lastAccessMs } of this.#slots?.values() ?? []) {
      const { key, namespace, filename } = entry;
      yield { key, namespace, filename, bytes: entryBytes(entry), accessCount, lastAccessMs };
    }
  }
}
