/**
/**
 * Keeps suspended handlers, and compiled ones, in Redis and Valkey.
 *
 * @module nexus-runtime/redis
 */
export type { RemoteCache } from '../api/remote-cache.js';
export type { RemoteCacheLimits } from '../config/remote-cache-limits.js';
export type { RedisLike } from './client.js';
export type { RedisStoreOptions } from './options.js';
export { type RedisCacheClient, type RedisCacheOptions, type RedisScanClient, redisCache } from './redis-cache.js';
export { RedisSuspensionStore } from './redis-suspension-store.js';
