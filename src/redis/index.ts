/**
 * Keeps suspended handlers in Redis.
 *
 * @module nexus-runtime/redis
 */
export type { RedisLike } from './client.js';
export type { RedisStoreOptions } from './options.js';
export { RedisSuspensionStore } from './redis-suspension-store.js';
