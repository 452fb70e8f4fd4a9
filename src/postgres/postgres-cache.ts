import type { RemoteCache } from '../api/remote-cache.js';
import { invalidOption, rejectUnknownKeys, requireObject } from '../config/check.js';
import { REMOTE_CACHE_KEYS, type RemoteCacheLimits, readRemoteCacheLimits } from '../config/remote-cache-limits.js';

/** What the cache needs of a pool. `Pool` of `pg` has it. */
export interface PostgresCachePool {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/** Options of `postgresCache`. */
export interface PostgresCacheOptions extends RemoteCacheLimits {
  /** A pool of `pg` that the application made, and closes. It may be that of the store. */
  readonly pool: PostgresCachePool;
  /** Of its table, `compiled_handlers`; both are created with the first entry. @default 'nexus' */
  readonly schema?: string;
}

const KEYS = ['pool', 'schema', ...REMOTE_CACHE_KEYS];
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
/** The table, or its schema, is not there. */
const NO_TABLE = new Set(['42P01', '3F000']);
/** A schema, a table, its type, or an entry of the catalogue is there already. */
const CREATED_MEANWHILE = new Set(['42P06', '42P07', '42710', '23505']);
/** Expired entries are deleted once in so many writes, so many at a time. */
const TIDIED_EVERY = 100;
const TIDIED_AT_ONCE = 1_000;

/**
 * A cache of compiled handlers in PostgreSQL, for the option `remoteCache`. Entries are sealed by the runtime with `cacheSecret`. The table is
 * unlogged: after a crash of the server it is empty, and handlers are compiled again.
 *
 * @throws NexusError INVALID_CONFIG naming the option
 *
 * @example
 * const runtime = await createRuntime({ remoteCache: postgresCache({ pool }), cacheSecret });
 */
export function postgresCache(options: PostgresCacheOptions): RemoteCache {
  requireObject('options', options);
  rejectUnknownKeys(options, KEYS, '');
  const { pool, schema = 'nexus' } = options;
  if (typeof pool?.query !== 'function') throw invalidOption('pool', pool, 'a Pool of pg');
  if (typeof schema !== 'string' || !IDENTIFIER.test(schema))
    throw invalidOption('schema', schema, '1 to 63 letters, digits and _, not beginning with a digit');
  return new PostgresCache(pool, schema, readRemoteCacheLimits(options));
}

class PostgresCache implements RemoteCache {
  readonly maxEntryBytes: number;
  readonly timeoutMs: number;
  readonly #pool: PostgresCachePool;
  readonly #schema: string;
  readonly #table: string;
  readonly #ttlMs: number;
  #writes = 0;

  constructor(
    pool: PostgresCachePool,
    schema: string,
    { ttlMs, maxEntryBytes, timeoutMs }: Required<RemoteCacheLimits>,
  ) {
    this.#pool = pool;
    this.#schema = `"${schema}"`;
    this.#table = `"${schema}".compiled_handlers`;
    this.#ttlMs = ttlMs;
    this.maxEntryBytes = maxEntryBytes;
    this.timeoutMs = timeoutMs;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const text = `SELECT sealed FROM ${this.#table} WHERE key = $1 AND expires_at > now()`;
    const rows = await this.#rows(text, [key]);
    return rows[0]?.['sealed'] as Uint8Array | undefined;
  }

  async put(key: string, sealed: Uint8Array): Promise<void> {
    const text =
      `INSERT INTO ${this.#table} (key, sealed, expires_at) VALUES ($1, $2, now() + $3 * interval '1 millisecond') ` +
      'ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at';
    const values = [key, Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length), this.#ttlMs];
    try {
      await this.#pool.query(text, values);
    } catch (error) {
      if (!isNoTable(error)) throw error;
      await this.#create();
      await this.#pool.query(text, values);
    }
    if (this.#writes++ % TIDIED_EVERY === 0) await this.#tidy();
  }

  async delete(key: string): Promise<void> {
    await this.#rows(`DELETE FROM ${this.#table} WHERE key = $1`, [key]);
  }

  async clear(): Promise<void> {
    await this.#rows(`TRUNCATE ${this.#table}`, []);
  }

  /** The pool is the application's. */
  async close(): Promise<void> {}

  /** @returns none if there is no table */
  async #rows(text: string, values: unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    try {
      return (await this.#pool.query(text, values)).rows;
    } catch (error) {
      if (isNoTable(error)) return [];
      throw error;
    }
  }

  async #tidy(): Promise<void> {
    const expired = `SELECT key FROM ${this.#table} WHERE expires_at <= now() LIMIT ${TIDIED_AT_ONCE} FOR UPDATE SKIP LOCKED`;
    await this.#rows(`DELETE FROM ${this.#table} WHERE key IN (${expired})`, []);
  }

  async #create(): Promise<void> {
    const statements = [
      `CREATE SCHEMA IF NOT EXISTS ${this.#schema}`,
      `CREATE UNLOGGED TABLE IF NOT EXISTS ${this.#table} ` +
        '(key text PRIMARY KEY, sealed bytea NOT NULL, expires_at timestamptz NOT NULL)',
    ];
    for (const statement of statements) {
      await this.#pool.query(statement).catch((error: unknown) => {
        // "IF NOT EXISTS" fails when another process creates it at the same moment.
        if (!CREATED_MEANWHILE.has(codeOf(error))) throw error;
      });
    }
  }
}

function isNoTable(error: unknown): boolean {
  return NO_TABLE.has(codeOf(error));
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown } | undefined)?.code);
}
