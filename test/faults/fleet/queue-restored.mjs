import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'a queue of some time ago is put back';

/** All that a Redis has, as `restoreAll` puts it back. */
async function dumpAll(client) {
  const entries = [];
  for (const key of await client.keys('*')) {
    const [bytes, ttlMs] = await Promise.all([client.dumpBuffer(key), client.pttl(key)]);
    if (bytes !== null) entries.push({ key, bytes, ttlMs: Math.max(0, ttlMs) });
  }
  return entries;
}

async function restoreAll(client, entries) {
  const all = client.multi().flushall();
  for (const { key, bytes, ttlMs } of entries) all.restore(key, ttlMs, bytes, 'REPLACE');
  await all.exec();
}

export function run(options) {
  let before;
  return runWithFaults(options, {
    ...(options.quick ? { times: 2, runs: 6 } : { times: 20, runs: 200 }),
    ...{ store: 'postgres', queue: 'redis', everyMs: 1_400 },
    async fault({ queue }) {
      const now = await dumpAll(queue.client);
      // The first time there is none yet: what has been done since comes again, and what has come since is gone.
      if (before !== undefined) await restoreAll(queue.client, before);
      before = now;
    },
  });
}
