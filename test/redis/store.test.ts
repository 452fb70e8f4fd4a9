import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RedisSuspensionStore } from '#src/redis/index.js';
import { checkStoreModel, describeStore, type StoreHarness } from '#src/testing/store/index.js';
import { REDIS, titleOf } from '../support/servers/installed.js';
import { startRedis, startRedisCluster } from '../support/servers/redis.js';

/** For the long form: `NEXUS_MODEL_SEQUENCES=10000`. */
const LONG = Number(process.env['NEXUS_MODEL_SEQUENCES'] ?? 0);

interface Prepared {
  /** Has a connection of its own. */
  readonly makeClient: () => Redis | Cluster;
  readonly replicas?: number;
  /** Takes everything away. */
  empty(): Promise<unknown>;
  end(): Promise<void>;
}

async function onServer(): Promise<Prepared> {
  const server = await startRedis();
  const client = new Redis({ port: server.port });
  return {
    makeClient: () => new Redis({ port: server.port }),
    empty: () => client.flushall(),
    async end() {
      client.disconnect();
      await server.stop();
    },
  };
}

async function withReplica(): Promise<Prepared> {
  const primary = await startRedis({ 'repl-diskless-sync-delay': '0' });
  const replica = await startRedis({ replicaof: `127.0.0.1 ${primary.port}` });
  const client = new Redis({ port: primary.port });
  return {
    makeClient: () => new Redis({ port: primary.port }),
    replicas: 1,
    empty: () => client.flushall(),
    async end() {
      client.disconnect();
      await replica.stop();
      await primary.stop();
    },
  };
}

async function onCluster(): Promise<Prepared> {
  const cluster = await startRedisCluster();
  const clients = cluster.ports.map((port) => new Redis({ port }));
  const nodes = cluster.ports.map((port) => ({ host: '127.0.0.1', port }));
  return {
    makeClient: () => new Cluster(nodes),
    empty: () => Promise.all(clients.map((client) => client.flushall())),
    async end() {
      for (const client of clients) client.disconnect();
      await cluster.stop();
    },
  };
}

const SERVERS = { 'on a server': onServer, 'on a server with a replica': withReplica, 'on a Cluster of 3': onCluster };

for (const [where, prepare] of Object.entries(SERVERS)) {
  describe.skipIf(REDIS === undefined)(titleOf(`the store of Redis, ${where}`, REDIS, 'redis-server'), () => {
    let prepared: Prepared;
    const clients: (Redis | Cluster)[] = [];
    beforeAll(async () => {
      prepared = await prepare();
    }, 120_000);
    afterAll(async () => {
      for (const client of clients) client.disconnect();
      await prepared?.end();
    });

    function makeHarness(): StoreHarness {
      const stores: RedisSuspensionStore[] = [];
      return {
        open(views) {
          const opened = Array.from({ length: views }, (_, index) => {
            const at = stores.length + index;
            clients[at] ??= prepared.makeClient();
            return new RedisSuspensionStore({ client: clients[at], replicas: prepared.replicas ?? 0 });
          });
          stores.push(...opened);
          return opened;
        },
        async dispose() {
          for (const store of stores) await store.close();
          await prepared.empty();
        },
      };
    }

    describeStore('the contract', makeHarness, { describe, expect, it });

    it('answers as the model does, whatever several owners do one after the other', async () => {
      await checkStoreModel(makeHarness, { sequences: LONG || 60 });
    }, 3_600_000);

    it('answers owners at the same time as if they had come in some order', async () => {
      await checkStoreModel(makeHarness, { sequences: LONG || 60, concurrent: true });
    }, 3_600_000);
  });
}
