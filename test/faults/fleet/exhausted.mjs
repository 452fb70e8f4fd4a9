import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'memory or connections of a store are used up';
export const isLong = true;

const USED_UP_MS = 3_000;
/** PostgreSQL has 100 by default. */
const MAX_CONNECTIONS = 100;

/** A Redis that takes no more writes. */
async function useUpMemory({ store }) {
  const used = Number(/used_memory:(\d+)/.exec(await store.client.info('memory'))?.[1]);
  await store.client.config('SET', 'maxmemory', `${Math.floor(used / 2)}`);
  await pause(USED_UP_MS);
  await store.client.config('SET', 'maxmemory', '0');
}

/** A PostgreSQL whose connections others have; those that there are break, and no new one is given. */
async function useUpConnections({ store }) {
  const taken = [];
  const take = async () => {
    const client = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${store.port}/postgres` });
    client.on('error', () => {});
    try {
      await client.connect();
      taken.push(client);
      return true;
    } catch {
      await client.end().catch(() => {});
      return false;
    }
  };
  while (taken.length < MAX_CONNECTIONS && (await take()));
  if (taken.length > 0)
    await taken[0].query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> ALL($1)', [
      taken.map(({ processID }) => processID),
    ]);
  const until = Date.now() + USED_UP_MS;
  while (Date.now() < until) if (!(await take())) await pause(10);
  for (const client of taken) await client.end().catch(() => {});
}

export async function run(options) {
  const given = { times: 10, runs: 150, everyMs: 1_500 };
  const memory = await runWithFaults(options, {
    ...given,
    store: 'redis',
    queue: 'redis',
    isApart: true,
    fault: useUpMemory,
  });
  const connections = await runWithFaults(options, {
    ...{ ...given, store: 'postgres', queue: 'redis', fault: useUpConnections },
  });
  return { figure: `memory: ${memory.figure}; connections: ${connections.figure}` };
}
