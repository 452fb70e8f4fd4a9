// Stores and queues on servers that a benchmark starts, and what processes of a fleet connect to.
import { readdirSync, readFileSync } from 'node:fs';
import { createPostgresBackend, runMigrations } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

import { bullmq } from '../../build/bullmq/index.js';
import { PostgresSuspensionStore } from '../../build/postgres/index.js';
import { RedisSuspensionStore } from '../../build/redis/index.js';
import { startPostgres } from '../../test/support/servers/postgres.mjs';
import { startRedis } from '../../test/support/servers/redis.mjs';

const SECRET = 'the secret of a benchmark';
const TICKS_PER_SECOND = 100;

/** A server with settings for production: PostgreSQL with fsync, Redis with `appendfsync everysec`. */
export async function startServerOf(kind) {
  if (kind === 'redis') {
    const server = await startRedis({ appendonly: 'yes', appendfsync: 'everysec' });
    return { ...server, at: { kind, port: server.port } };
  }
  const server = await startPostgres({ settings: { max_wal_size: '2GB' } });
  const pool = new pg.Pool({ connectionString: server.url, max: 1 });
  await PostgresSuspensionStore.migrate(pool);
  const client = await pool.connect();
  await runMigrations(client);
  client.release();
  await pool.end();
  return { ...server, at: { kind, url: server.url } };
}

/** The options of a runtime, and what ends its connections. */
export async function connectFleet(store, queue) {
  const opened = [];
  const poolOf = (url, max, options) => {
    const pool = new pg.Pool({ connectionString: url, max, ...(options && { options }) });
    opened.push(() => pool.end());
    return pool;
  };
  const clientOf = (port) => {
    const client = new Redis({ port, maxRetriesPerRequest: null });
    opened.push(() => client.disconnect());
    return client;
  };
  const dispatcher =
    queue.kind === 'redis'
      ? bullmq({ connection: clientOf(queue.port) })
      : bullmq({ connection: poolOf(queue.url, 5, '-c search_path=bullmq'), backend: createPostgresBackend });
  const suspensionStore =
    store.kind === 'redis'
      ? new RedisSuspensionStore({ client: clientOf(store.port) })
      : new PostgresSuspensionStore({ pool: poolOf(store.url, 4) });
  const close = async () => {
    await dispatcher.close();
    for (const one of opened) await one();
  };
  return { options: { suspensionStore, suspensionSecret: SECRET, dispatcher }, close };
}

/** Seconds of the processor that a server and its processes have had; undefined where there is no /proc. */
export function cpuSecondsOf(pid) {
  try {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    let ticks = 0;
    for (const name of all) {
      let stat;
      try {
        stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      } catch {
        continue;
      }
      // The name of a process may have spaces; what is behind it has none.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(name) !== pid && Number(fields[1]) !== pid) continue;
      ticks += Number(fields[11]) + Number(fields[12]);
      if (Number(name) === pid) ticks += Number(fields[13]) + Number(fields[14]);
    }
    return ticks / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
