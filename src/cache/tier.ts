import type { CacheEntry } from './cache-entry.js';

export interface TierStats {
  readonly entries: number;
  readonly bytes: number;
  /** Entries that made room for others. */
  readonly evictions: number;
}

/**
 * One level of the cache. A tier never rejects: what it cannot read it misses, what it cannot write it does not keep, and
 * its statistics say so. `test/cache/tier-conformance.ts` states the contract; a tier that passes it can be added to
 * {@link TieredCache} without touching anything else.
 */
export interface CacheTier {
  /** A miss is undefined. What is returned has passed every check the tier's medium calls for. */
  get(key: string): Promise<CacheEntry | undefined>;
  /** Keeps an entry under its key, replacing what is there. False when it is not kept, larger than the tier, say. */
  put(entry: CacheEntry): Promise<boolean>;
  delete(key: string): Promise<void>;
  clear(): Promise<void>;
  stats(): TierStats;
}
