/**
/**
 * Keeps suspended handlers, and compiled ones, in PostgreSQL.
 *
 * @module nexus-runtime/postgres
 */
export type { RemoteCache } from '../api/remote-cache.js';
export type { RemoteCacheLimits } from '../config/remote-cache-limits.js';
export type { PoolLike } from './pool.js';
export { type PostgresCacheOptions, type PostgresCachePool, postgresCache } from './postgres-cache.js';
export { type PostgresStoreOptions, PostgresSuspensionStore } from './postgres-suspension-store.js';
