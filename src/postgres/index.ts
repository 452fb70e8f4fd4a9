/**
 * PostgreSQL for several machines.
 *
 * @module nexus-runtime/postgres
 */

export type { RemoteCache } from '../api/remote-cache.js';
export { type PostgresCacheOptions, type PostgresCachePool, postgresCache } from './postgres-cache.js';
