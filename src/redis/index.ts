/**
 * Redis and Valkey for several machines.
 *
 * @module nexus-runtime/redis
 */

export type { RemoteCache } from '../api/remote-cache.js';
export { type RedisCacheClient, type RedisCacheOptions, type RedisScanClient, redisCache } from './redis-cache.js';
