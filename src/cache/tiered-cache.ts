import type { CacheTierName } from '../api/observing/execution-metrics.js';
import type { CacheEvent } from '../api/observing/observer.js';
import type { CacheConfig } from '../config/resolve.js';
import { systemTime } from '../support/timers.js';
import { settleWithin } from '../support/waiting.js';
import { type CacheEntry, entryBytes } from './cache-entry.js';
import { EntryCodec } from './entry-codec.js';
import { FileTier, type FileTierStats, type RejectionReason, type VerifyReport } from './file-tier.js';
import { type EntryUse, MemoryTier } from './memory-tier.js';
import { NO_REMOTE, RemoteTier, type RemoteTierStats } from './remote-tier.js';
import type { TierStats } from './tier.js';

export interface CacheStats {
  readonly memory: TierStats & { readonly hits: number };
  /** All zero if there is no disk tier. */
  readonly disk: FileTierStats & {
    readonly hits: number;
    /** Entries that were not written because the disk was too slow. */
    readonly droppedWrites: number;
  };
  /** All zero if there is no `remoteCache`. */
  readonly remote: RemoteTierStats & { readonly hits: number };
  /** Lookups that no tier answered. */
  readonly misses: number;
  /** Compiled handlers. */
  readonly compilations: number;
  /** Hits divided by lookups, 0 to 1; 0 before the first. */
  readonly hitRate: number;
}

export interface CacheHit {
  readonly entry: CacheEntry;
  readonly tier: CacheTierName;
}

export interface TieredCacheOptions extends CacheConfig {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** Called once if the disk tier cannot be used, and whenever the remote one is switched off. */
  readonly onWarning: (message: string) => void;
  /** Called for every event; `make` creates it, if there is a listener. */
  readonly onEvent?: (make: () => CacheEvent) => void;
}

/** The most bytes that wait for the disk; beyond that, entries are not written. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;

const NO_DISK: FileTierStats = { entries: 0, bytes: 0, evictions: 0, writes: 0, writeFailures: 0, rejections: {} };
/**
 * Memory over disk over a remote cache. An entry found in one is kept in those before it. New entries go to all of them, to disk and remote
 * cache in the background.
 */
export class TieredCache {
  readonly #memory: MemoryTier;
  readonly #disk: FileTier | undefined;
  readonly #remote: RemoteTier | undefined;
  readonly #writing = new Set<Promise<unknown>>();
  readonly #hits: Record<CacheTierName, number> = { memory: 0, disk: 0, remote: 0 };
  readonly #notify: (make: () => CacheEvent) => void;
  #misses = 0;
  #compilations = 0;
  #pendingBytes = 0;
  #droppedWrites = 0;

  constructor(options: TieredCacheOptions) {
    const { cacheDir, maxCacheSizeBytes, maxDiskCacheSizeBytes, cacheSecrets, maxSourceBytes, engine, onWarning } =
      options;
    this.#notify = options.onEvent ?? (() => {});
    this.#memory = new MemoryTier(maxCacheSizeBytes, systemTime, (key) =>
      this.#notify(() => ({ kind: 'eviction', tier: 'memory', key, entries: 1 })),
    );
    const codec = new EntryCodec({ engine, secrets: cacheSecrets, maxSourceBytes });
    const onRejected = (tier: CacheTierName) => (key: string, reason: RejectionReason) =>
      this.#notify(() => ({ kind: 'rejection', tier, key, reason }));
    if (options.remoteCache !== undefined) {
      this.#remote = new RemoteTier({
        ...{ cache: options.remoteCache, codec, engine, onRejected: onRejected('remote') },
        onOff: (reason) => onWarning(`The remote cache fails (${reason}). Handlers run without it for 10 seconds.`),
      });
    }
    if (cacheDir === false) return;
    this.#disk = new FileTier({
      cacheDir,
      maxBytes: maxDiskCacheSizeBytes,
      codec,
      onProblem: ({ reason, remedy }, kind) => {
        const what = kind === 'off' ? 'is off' : 'could not keep an entry';
        onWarning(`The disk cache ${what}: ${reason}. ${remedy} Handlers run without it.`);
      },
      onRejected: onRejected('disk'),
      onEvicted: (entries) => this.#notify(() => ({ kind: 'eviction', tier: 'disk', entries })),
    });
  }

  /** Memory only, without a turn of the event loop. Counts hits, not misses. */
  peek(key: string): CacheEntry | undefined {
    const entry = this.#memory.peek(key);
    if (entry !== undefined) this.#hit('memory', key);
    return entry;
  }

  async get(key: string): Promise<CacheHit | undefined> {
    const near = this.peek(key);
    if (near !== undefined) return { entry: near, tier: 'memory' };
    const onDisk = await this.#disk?.get(key);
    if (onDisk !== undefined) return this.#found(onDisk, 'disk');
    const afar = await this.#remote?.get(key);
    if (afar !== undefined) {
      this.#writeToDisk(afar);
      return this.#found(afar, 'remote');
    }
    this.#misses++;
    this.#notify(() => ({ kind: 'miss', key }));
    return undefined;
  }

  /** In memory when it returns, on disk and in the remote cache later; see {@link settled}. */
  put(entry: CacheEntry): void {
    this.#memory.keep(entry);
    this.#writeToDisk(entry);
    this.#remote?.put(entry);
  }

  #found(entry: CacheEntry, tier: CacheTierName): CacheHit {
    this.#hit(tier, entry.key);
    this.#memory.keep(entry);
    return { entry, tier };
  }

  #writeToDisk(entry: CacheEntry): void {
    if (this.#disk === undefined) return;
    const bytes = entryBytes(entry);
    if (this.#pendingBytes + bytes > MAX_PENDING_BYTES && this.#pendingBytes > 0) {
      this.#droppedWrites++;
      return;
    }
    this.#pendingBytes += bytes;
    const writing = this.#disk.put(entry).finally(() => {
      this.#pendingBytes -= bytes;
      this.#writing.delete(writing);
    });
    this.#writing.add(writing);
  }

  /** Resolves when there is room for more writes, for callers that store many entries. */
  async hasRoom(): Promise<void> {
    while (this.#pendingBytes > MAX_PENDING_BYTES / 2) await Promise.race(this.#writing);
  }

  /** Adds an entry from outside, which the caller has checked: it counts as a hit and is kept only in memory. */
  adopt(entry: CacheEntry): void {
    this.#hit('memory', entry.key);
    this.#memory.keep(entry);
  }

  async delete(key: string): Promise<void> {
    await this.settled();
    await Promise.all([this.#memory.delete(key), this.#disk?.delete(key), this.#remote?.delete(key)]);
  }

  countJoin(key: string): void {
    this.#hit('memory', key);
  }

  #hit(tier: CacheTierName, key: string): void {
    this.#hits[tier]++;
    this.#notify(() => ({ kind: 'hit', tier, key }));
  }

  countCompilation(): void {
    this.#compilations++;
  }

  /** Resolves when every started write has ended. */
  async settled(): Promise<void> {
    await Promise.all([Promise.allSettled(this.#writing), this.#remote?.settled()]);
  }

  /** Waits for writes for at most `timeoutMs`, and releases the directory. */
  async close(timeoutMs: number): Promise<void> {
    await settleWithin(this.settled(), timeoutMs);
    await this.#disk?.close();
  }

  /** @throws what the remote cache throws, if it is meant */
  async clear({
    memory = true,
    disk = true,
    remote = false,
  }: {
    memory?: boolean;
    disk?: boolean;
    remote?: boolean;
  } = {}) {
    await this.settled();
    await Promise.all([memory && this.#memory.clear(), disk && this.#disk?.clear(), remote && this.#remote?.clear()]);
  }

  /** Checks every entry on disk, removes those that fail, and returns them. */
  async verify(): Promise<VerifyReport> {
    await this.settled();
    return (await this.#disk?.verify()) ?? { checked: 0, valid: 0, removed: [] };
  }

  /** Lists the entries in memory with their use, most recently used first. */
  uses(limit: number): EntryUse[] {
    const uses: EntryUse[] = [];
    for (const use of this.#memory.uses()) {
      if (uses.length >= limit) break;
      uses.push(use);
    }
    return uses;
  }

  stats(): CacheStats {
    const hits = this.#hits.memory + this.#hits.disk + this.#hits.remote;
    const lookups = hits + this.#misses;
    return {
      memory: { ...this.#memory.stats(), hits: this.#hits.memory },
      disk: { ...(this.#disk?.stats() ?? NO_DISK), hits: this.#hits.disk, droppedWrites: this.#droppedWrites },
      remote: { ...(this.#remote?.stats() ?? NO_REMOTE), hits: this.#hits.remote },
      misses: this.#misses,
      compilations: this.#compilations,
      hitRate: lookups === 0 ? 0 : hits / lookups,
    };
  }
}
