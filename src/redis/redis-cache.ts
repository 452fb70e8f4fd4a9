import type { RemoteCache } from '../api/remote-cache.js';
import { invalidOption, rejectUnknownKeys, requireObject } from '../config/check.js';
import { REMOTE_CACHE_KEYS, type RemoteCacheLimits, readRemoteCacheLimits } from '../config/remote-cache-limits.js';

/** What the cache needs of a client. An `ioredis` client has it, `Redis` and `Cluster`. */
export interface RedisCacheClient {
  readonly status?: string;
  readonly options?: { readonly keyPrefix?: string | undefined };
  getBuffer(key: string): Promise<Uint8Array | null>;
  set(key: string, value: Buffer, unit: 'PX', milliseconds: number): Promise<unknown>;
  del(key: string): Promise<unknown>;
  /** Of a cluster: the clients of its nodes. */
  nodes?(role: 'master'): readonly RedisScanClient[];
}

/** A client that can list keys. */
export interface RedisScanClient {
  scan(cursor: string, match: 'MATCH', pattern: string, count: 'COUNT', most: number): Promise<[string, string[]]>;
}

/** Options of `redisCache`. */
export interface RedisCacheOptions extends RemoteCacheLimits {
  /** A client of `ioredis` that the application made, and closes. It may be that of the store. */
  readonly client: RedisCacheClient & Partial<RedisScanClient>;
  /** Before the names of all keys. @default 'nexus' */
  readonly prefix?: string;
}

const SCANNED_AT_ONCE = 500;
const KEYS = ['client', 'prefix', ...REMOTE_CACHE_KEYS];
/** States of an ioredis client in which a command would wait for a connection. */
const AWAY = new Set(['reconnecting', 'close', 'end']);

/**
 * A cache of compiled handlers in Redis or Valkey, for the option `remoteCache`. Entries are sealed by the runtime with `cacheSecret`, and
 * expire after `ttlMs`; any eviction policy will do for it.
 *
 * @throws NexusError INVALID_CONFIG naming the option
 *
 * @example
 * const runtime = await createRuntime({ remoteCache: redisCache({ client: new Redis(url) }), cacheSecret });
 */
export function redisCache(options: RedisCacheOptions): RemoteCache {
  requireObject('options', options);
  rejectUnknownKeys(options, KEYS, '');
  const { client, prefix = 'nexus' } = options;
  for (const name of ['getBuffer', 'set', 'del'] as const) {
    if (typeof client?.[name] !== 'function') throw invalidOption('client', client, 'a client of ioredis');
  }
  if (typeof prefix !== 'string' || prefix === '') throw invalidOption('prefix', prefix, 'a text');
  return new RedisCache(client, `${prefix}:cache:`, readRemoteCacheLimits(options));
}

class RedisCache implements RemoteCache {
  readonly maxEntryBytes: number;
  readonly timeoutMs: number;
  readonly #client: RedisCacheOptions['client'];
  readonly #prefix: string;
  readonly #ttlMs: number;

  constructor(
    client: RedisCacheOptions['client'],
    prefix: string,
    { ttlMs, maxEntryBytes, timeoutMs }: Required<RemoteCacheLimits>,
  ) {
    this.#client = client;
    this.#prefix = prefix;
    this.#ttlMs = ttlMs;
    this.maxEntryBytes = maxEntryBytes;
    this.timeoutMs = timeoutMs;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#requireConnection();
    return (await this.#client.getBuffer(this.#prefix + key)) ?? undefined;
  }

  async put(key: string, sealed: Uint8Array): Promise<void> {
    this.#requireConnection();
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
    await this.#client.set(this.#prefix + key, bytes, 'PX', this.#ttlMs);
  }

  async delete(key: string): Promise<void> {
    this.#requireConnection();
    await this.#client.del(this.#prefix + key);
  }

  async clear(): Promise<void> {
    const client = this.#client;
    const nodes = client.nodes?.('master') ?? [client as RedisScanClient];
    // ioredis adds its own prefix to keys, and not to patterns.
    const own = client.options?.keyPrefix ?? '';
    const pattern = `${own}${this.#prefix}`.replace(/[*?[\]\\]/g, '\\$&');
    for (const node of nodes) {
      let cursor = '0';
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', `${pattern}*`, 'COUNT', SCANNED_AT_ONCE);
        // One by one: in a cluster they are on different nodes.
        await Promise.all(keys.map((key) => client.del(key.slice(own.length))));
        cursor = next;
      } while (cursor !== '0');
    }
  }

  /** The client is the application's. */
  async close(): Promise<void> {}

  /** A command without a connection would wait in the client, and its bytes with it. */
  #requireConnection(): void {
    const { status } = this.#client;
    if (status !== undefined && AWAY.has(status)) throw new Error(`the connection to Redis is "${status}"`);
  }
}
