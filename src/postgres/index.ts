/**
 * Keeps suspended handlers in PostgreSQL.
 *
 * @module nexus-runtime/postgres
 */
export type { PoolLike } from './pool.js';
export { type PostgresStoreOptions, PostgresSuspensionStore } from './postgres-suspension-store.js';
