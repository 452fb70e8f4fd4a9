/**
 * Keeps suspended handlers in PostgreSQL.
 *
 * @module nexus-runtime/postgres
 */
export type { PoolLike } from './pool.js';
export { PostgresSuspensionStore, type PostgresStoreOptions } from './postgres-suspension-store.js';
