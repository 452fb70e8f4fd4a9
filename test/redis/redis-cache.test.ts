import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime } from '#src/index.js';
import { redisCache } from '#src/redis/redis-cache.js';
import { hasRedis, RedisServer } from '../support/servers/redis-server.js';

const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false, cacheSecret: 'a secret of sixteen bytes' } as const;

describe.skipIf(!hasRedis)('a cache in Redis', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await RedisServer.start(['--appendonly', 'no']);
    client = new Redis(server.url, { maxRetriesPerRequest: null });
    client.on('error', () => {});
  });
  afterAll(async () => {
    client.disconnect();
    await server.dispose();
  });

  it('gives back the bytes that were put, until they are deleted or expire', async () => {
    const cache = redisCache({ client, ttlMs: 60_000 });
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at);
    expect(await cache.get('a')).toBeUndefined();
    await cache.put('a', bytes);
    expect(Buffer.from((await cache.get('a')) as Uint8Array).equals(bytes)).toBe(true);
    expect(await client.pttl('nexus:cache:a')).toBeGreaterThan(50_000);
    await cache.delete('a');
    expect(await cache.get('a')).toBeUndefined();
  });

  it('clears its own keys and no others, also of a client with a prefix of its own', async () => {
    const prefixed = new Redis(server.url, { keyPrefix: 'own[x]:' });
    for (const one of [client, prefixed]) {
      const cache = redisCache({ client: one, prefix: 'p*' });
      await one.set('other', '1');
      for (let at = 0; at < 1_200; at++) await cache.put(`k${at}`, Uint8Array.of(at));
      await cache.clear?.();
      expect(await cache.get('k7')).toBeUndefined();
      expect(await one.get('other')).toBe('1');
    }
    expect(await client.dbsize()).toBe(2);
    prefixed.disconnect();
  });

  it('serves several runtimes; one runs on when the server is stopped, and finds it again', async () => {
    const first = await createRuntime({ ...OPTIONS, remoteCache: redisCache({ client }) });
    await first.executeHandler('return "shared"');
    await first.shutdown();
    await using second = await createRuntime({ ...OPTIONS, remoteCache: redisCache({ client, timeoutMs: 1_000 }) });
    expect((await second.executeHandler('return "shared"')).metrics.cacheTier).toBe('remote');
    await server.stop();
    expect((await second.executeHandler('return "alone"')).returnValue).toBe('alone');
    await server.restart();
    // The client connects again by itself.
    expect(await client.ping()).toBe('PONG');
    await second.executeHandler('return "again"');
    await using third = await createRuntime({ ...OPTIONS, remoteCache: redisCache({ client, timeoutMs: 1_000 }) });
    await second.shutdown();
    expect((await third.executeHandler('return "again"')).metrics.cacheTier).toBe('remote');
  });

  it('refuses what is no client, by name', () => {
    expect(() => redisCache({ client: {} as never })).toThrow(/client is .*must be a client of ioredis/);
    expect(() => redisCache({ client, ttl: 5 } as never)).toThrow(/Unknown option ttl. Did you mean ttlMs/);
    expect(() => redisCache({ client, timeoutMs: 0 })).toThrow(/timeoutMs is 0/);
  });
});
