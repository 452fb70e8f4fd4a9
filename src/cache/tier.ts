import type { CacheEntry } from './cache-entry.js';

export interface TierStats {
  readonly entries: number;
  readonly bytes: number;
  /** Entries that were evicted. */
  readonly evictions: number;
}

/**
 * One level of the cache. A tier never rejects: a failed read is a miss, a failed write keeps nothing, and
 * both are counted in its statistics. `test/cache/tier-conformance.ts` states the contract; a tier that
 * passes it can be added to {@link TieredCache} without touching anything else.
 */
export interface CacheTier {
  /** A miss is undefined. A returned entry has passed all checks that the tier's medium requires. */
  get(key: string): Promise<CacheEntry | undefined>;
  /**
   * Stores an entry under its key, replacing an existing one. False if it is not stored, for example because
   * it is larger than the tier.
   */
  put(entry: CacheEntry): Promise<boolean>;
  delete(key: string): Promise<void>;
  clear(): Promise<void>;
  stats(): TierStats;
}
