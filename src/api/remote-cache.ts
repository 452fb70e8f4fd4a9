/**
 * A cache that several machines share, for the option `remoteCache`: compiled handlers of one process are found by all others. `redisCache` of
 * `nexus-runtime/redis` and `postgresCache` of `nexus-runtime/postgres` make one.
 *
 * It is asked after memory and disk, and it only saves compilations: a handler runs without it when it is slow, away, or has been changed by
 * somebody else. What it holds is sealed with `cacheSecret`, and checked when it is read. It is not encrypted.
 *
 * A key has up to 100 letters, digits, `.`, `_` and `-`. Methods may reject: that counts as a miss, or as a write that failed.
 */
export interface RemoteCache {
  /** How long a handler waits for `get` before it is compiled, in milliseconds. @default 50 */
  readonly timeoutMs?: number;
  /** Entries of more bytes are neither written nor accepted; at most 32 MiB. @default 32 MiB */
  readonly maxEntryBytes?: number;
  /** @returns what was put, undefined if there is nothing */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Replaces the entry of the key. Handlers do not wait for it. */
  put(key: string, sealed: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Deletes all entries, those of other processes included: for `clearCache({ remote: true })`. Without it, that is refused. */
  clear?(): Promise<void>;
  /** Who made the cache calls it, after all runtimes that have it are shut down. It leaves clients of the application open. */
  close(): Promise<void>;
}
