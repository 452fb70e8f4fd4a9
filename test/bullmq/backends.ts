import { createPostgresBackend, Queue, runMigrations } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

import { type BullmqDispatcher, bullmq } from '#src/bullmq/bullmq.js';
import { POSTGRES, REDIS, titleOf } from '../support/servers/installed.mjs';
import { hasPostgres, PostgresServer } from '../support/servers/postgres-server.js';
import { hasRedis, RedisServer } from '../support/servers/redis-server.js';

/** A server for queues, with dispatchers on it. */
export interface Backend {
  readonly server: RedisServer | PostgresServer;
  open(name: string, shards?: number): BullmqDispatcher;
  /** A queue of a dispatcher, as BullMQ has it. */
  queue(name: string): Queue;
  /** Loses all queues. */
  flush(): Promise<void>;
  dispose(): Promise<void>;
}

async function onRedis(): Promise<Backend> {
  const server = await RedisServer.start();
  const clients: Redis[] = [];
  const connect = () => {
    const client = new Redis(server.url, { maxRetriesPerRequest: null });
    client.on('error', () => {});
    clients.push(client);
    return client;
  };
  const own = connect();
  return {
    server,
    open: (name, shards = 1) => bullmq({ connection: connect(), name, shards }),
    queue: (name) => new Queue(name, { connection: own, prefix: `{nexus:${name}}` }),
    async flush() {
      await own.flushall();
    },
    async dispose() {
      for (const client of clients) client.disconnect();
      await server.dispose();
    },
  };
}

async function onPostgres(): Promise<Backend> {
  const server = await PostgresServer.start();
  const pools: Pool[] = [];
  const connect = () => {
    const pool = new Pool({ connectionString: server.url, max: 6, options: '-c search_path=bullmq' });
    pool.on('error', () => {});
    pools.push(pool);
    return pool;
  };
  const own = connect();
  const client = await own.connect();
  await runMigrations(client);
  client.release();
  return {
    server,
    open: (name, shards = 1) => bullmq({ connection: connect(), backend: createPostgresBackend, name, shards }),
    queue: (name) => new Queue(name, { connection: own as never }, createPostgresBackend as never),
    async flush() {
      await own.query('TRUNCATE bullmq.job CASCADE');
    },
    async dispose() {
      for (const pool of pools) await pool.end();
      await server.dispose();
    },
  };
}

/** The title says why one is left out. */
export const BACKENDS: readonly (readonly [title: string, start: () => Promise<Backend>, isLeftOut: boolean])[] = [
  [titleOf('BullMQ on Redis', REDIS, 'redis-server'), onRedis, !hasRedis],
  [titleOf('BullMQ on PostgreSQL', POSTGRES, 'PostgreSQL'), onPostgres, !hasPostgres],
];
