// What the processes of the fleet have in common: the store, the queue, the cache, and the secrets of both.
import { Redis } from 'ioredis';
import { createRuntime } from 'nexus-runtime';
import { bullmq } from 'nexus-runtime/bullmq';
import { redisCache } from 'nexus-runtime/redis';

/** @param suspensionDir here a directory that the processes share; on several machines a store in PostgreSQL or Redis */
export async function join(suspensionDir) {
  const client = new Redis(process.env.REDIS_URL, { maxRetriesPerRequest: null });
  const dispatcher = bullmq({ connection: client, name: 'example' });
  const runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    suspensionDir,
    suspensionSecret: process.env.SUSPENSION_SECRET,
    cacheSecret: process.env.CACHE_SECRET,
    remoteCache: redisCache({ client, timeoutMs: 500 }),
    dispatcher,
  });
  const leave = async () => {
    await runtime.shutdown();
    await dispatcher.close();
    client.disconnect();
  };
  // What waits is given back, and goes on in another process.
  process.once('SIGTERM', leave);
  return { runtime, leave };
}
