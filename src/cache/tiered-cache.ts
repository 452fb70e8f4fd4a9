import { openArtifact } from '../compiler/artifact.js';
import type { HandlerCache } from '../compiler/caching-compiler.js';
import { type CompiledHandler, shareBytecode } from '../compiler/compiled-handler.js';
import type { CacheConfig } from '../config/resolve.js';
import { FileTier } from './file-tier.js';
import { MemoryTier } from './memory-tier.js';

export interface CacheStats {
  /** Handlers in memory. */
  readonly entries: number;
  /** Their bytecode and source. */
  readonly bytes: number;
  readonly memoryHits: number;
  readonly diskHits: number;
  readonly misses: number;
  readonly evictions: number;
  /** Files that failed a check and were removed. */
  readonly rejections: number;
  /** Hits over lookups, 0 to 1; 0 before the first. */
  readonly hitRate: number;
}

/** Memory over disk. What the disk gives is checked, kept in memory, and removed when it fails the check. */
export class TieredCache implements HandlerCache {
  readonly #memory: MemoryTier;
  readonly #disk: FileTier | undefined;
  readonly #engine: string;
  readonly #secret: Uint8Array | undefined;
  readonly #writing = new Set<Promise<boolean>>();
  #memoryHits = 0;
  #diskHits = 0;
  #misses = 0;
  #rejections = 0;

  /** @param engine fingerprint that an artifact must carry */
  constructor(config: CacheConfig, engine: string) {
    this.#memory = new MemoryTier(config.maxCacheSizeBytes);
    this.#disk = config.cacheDir === false ? undefined : new FileTier(config.cacheDir);
    this.#engine = engine;
    this.#secret = config.cacheSecret;
  }

  peek(key: string): CompiledHandler | undefined {
    const handler = this.#memory.get(key);
    if (handler !== undefined) this.#memoryHits++;
    return handler;
  }

  async get(key: string): Promise<{ handler: CompiledHandler; tier: 'memory' | 'disk' } | undefined> {
    const inMemory = this.peek(key);
    if (inMemory !== undefined) return { handler: inMemory, tier: 'memory' };
    const sealed = await this.#disk?.get(key);
    const handler = sealed === undefined ? undefined : await this.#open(key, sealed);
    if (handler === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#diskHits++;
    this.#memory.put(handler);
    return { handler, tier: 'disk' };
  }

  put(handler: CompiledHandler, sealed: Uint8Array): void {
    this.#memory.put(handler);
    if (this.#disk === undefined) return;
    const writing = this.#disk.put(handler.key, sealed).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** Resolves when every write that was begun has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  /** A handler that came from outside with its artifact already checked. Counts as a hit. */
  adopt(handler: CompiledHandler): void {
    this.#memoryHits++;
    this.#memory.put(handler);
  }

  async clear({ memory = true, disk = true }: { memory?: boolean; disk?: boolean } = {}): Promise<void> {
    await this.settled();
    if (memory) this.#memory.clear();
    if (disk) await this.#disk?.clear();
  }

  stats(): CacheStats {
    const { entries, bytes, evictions } = this.#memory.stats();
    const hits = this.#memoryHits + this.#diskHits;
    const lookups = hits + this.#misses;
    return {
      entries,
      bytes,
      evictions,
      memoryHits: this.#memoryHits,
      diskHits: this.#diskHits,
      misses: this.#misses,
      rejections: this.#rejections,
      hitRate: lookups === 0 ? 0 : hits / lookups,
    };
  }

  /** Any failed check is a miss that heals itself: the file goes, the next compile writes it anew. */
  async #open(key: string, sealed: Uint8Array): Promise<CompiledHandler | undefined> {
    try {
      const { header, bytecode } = openArtifact(sealed, this.#engine, this.#secret);
      if (header.key === key) {
        return { key, filename: header.filename, source: header.source, bytecode: shareBytecode(bytecode) };
      }
    } catch {
      // Which check failed does not matter here: the file is of no use.
    }
    this.#rejections++;
    await this.#disk?.delete(key);
    return undefined;
  }
}
