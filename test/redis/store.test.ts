import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkStoreModel, describeStore } from '#src/testing/store/index.js';
import { REDIS, titleOf } from '../support/servers/installed.mjs';
import { startRedis, startRedisCluster } from '../support/servers/redis.mjs';
import { harnessesOf, type RedisPlace } from './redis-helpers.js';

/** For the long form: `NEXUS_MODEL_SEQUENCES=10000`. */
const LONG = Number(process.env['NEXUS_MODEL_SEQUENCES'] ?? 0);

async function onServer(): Promise<RedisPlace> {
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

async function withReplica(): Promise<RedisPlace> {
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

async function onCluster(): Promise<RedisPlace> {
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
    let place: RedisPlace;
    const { makeHarness, disconnect } = harnessesOf(() => place);
    beforeAll(async () => {
      place = await prepare();
    }, 120_000);
    afterAll(async () => {
      disconnect();
      await place?.end();
    });

    describeStore('the contract', makeHarness, { describe, expect, it });

    it('answers as the model does, whatever several owners do one after the other', async () => {
      await checkStoreModel(makeHarness, { sequences: LONG || 60 });
    }, 3_600_000);

    it('answers owners at the same time as if they had come in some order', async () => {
      await checkStoreModel(makeHarness, { sequences: LONG || 60, concurrent: true });
    }, 3_600_000);
  });
}
