import { type Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RedisLike } from '#src/redis/index.js';
import { checkStoreModel, describeStore } from '#src/testing/store/index.js';
import { REDIS, titleOf } from '../support/servers/installed.mjs';
import { startRedis } from '../support/servers/redis.mjs';
import { harnessesOf, type RedisPlace } from './redis-helpers.js';

/** As a client does whose connection broke after Redis had executed a command, and before the answer came. */
function sendingTwice(client: Redis | Cluster): RedisLike {
  const callBuffer: RedisLike['callBuffer'] = async (command, ...args) => {
    if (!command.startsWith('EVAL')) return client.callBuffer(command, ...args);
    const [, answer] = await Promise.all([client.callBuffer(command, ...args), client.callBuffer(command, ...args)]);
    return answer;
  };
  return { callBuffer };
}

describe.skipIf(REDIS === undefined)(titleOf('each command sent twice', REDIS, 'redis-server'), () => {
  let place: RedisPlace;
  const { makeHarness, disconnect } = harnessesOf(() => place, sendingTwice);
  beforeAll(async () => {
    const server = await startRedis();
    const client = new Redis({ port: server.port });
    place = {
      makeClient: () => new Redis({ port: server.port }),
      empty: () => client.flushall(),
      async end() {
        client.disconnect();
        await server.stop();
      },
    };
  });
  afterAll(async () => {
    disconnect();
    await place?.end();
  });

  describeStore('is the same command', makeHarness, { describe, expect, it });

  it('answers as the model does', async () => {
    await checkStoreModel(makeHarness, { sequences: 60 });
    await checkStoreModel(makeHarness, { sequences: 60, concurrent: true });
  }, 600_000);
});
