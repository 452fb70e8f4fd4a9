import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { runFleet } from '../lib/fleet-runs.mjs';
import { startServer } from '../lib/fleet-servers.mjs';
import { TcpProxy } from '../lib/tcp-proxy.mjs';

export const title = 'failover of Redis that rolls back 1 s of acknowledged writes';
export const isLong = true;

const LOST_MS = 1_000;
const MAX_MS = 90_000;

export async function run(options) {
  const figures = [];
  for (const replicas of [0, 1]) {
    for (let left = Number(options.kills ?? (replicas === 0 ? 20 : 200)); left > 0; left--) {
      const { figure } = await failOver(options, replicas, left);
      figures.push(`replicas: ${replicas}, ${figure}`);
    }
  }
  return { figure: figures.join('; ') };
}

/** The primary dies while its replica has not heard of it for a second; then the replica is the primary, and has one of its own. */
async function failOver(options, replicas, number) {
  const scratch = join(options.scratch, `replicas-${replicas}-${number}`);
  const others = [];
  const replicaOf = async (port, name) => {
    const settings = { replicaof: `127.0.0.1 ${port}`, 'repl-diskless-sync-delay': '0', appendonly: 'no' };
    const server = await startServer('redis', join(scratch, name), settings);
    others.push(server);
    return server;
  };
  let hasFailedOver = false;
  let link;
  let replica;
  try {
    return await runFleet(options, {
      ...{ store: 'redis', queue: 'redis', proxied: true, replicas, count: Number(options.runs ?? 60) },
      ...{ isPublished: replicas === 0, maxMs: MAX_MS },
      async prepare({ store }) {
        link = await TcpProxy.start(store.port);
        replica = await replicaOf(link.port, 'replica');
        await untilSynced(replica);
      },
      async disturb({ store, storeProxy, workers }) {
        await Promise.all(workers.map(({ ready }) => ready));
        await pause(500);
        if (hasFailedOver) return 0;
        hasFailedOver = true;
        link.hold();
        await pause(LOST_MS);
        await store.kill();
        link.cut();
        await replica.client.call('REPLICAOF', 'NO', 'ONE');
        const second = await replicaOf(replica.port, 'second');
        await untilSynced(second);
        storeProxy.pointTo(replica.port);
        return 1;
      },
    });
  } finally {
    for (const server of others) await server.stop();
    await link?.stop();
  }
}

async function untilSynced(replica) {
  while (!/master_link_status:up/.test(await replica.client.info('replication'))) await pause(50);
}
