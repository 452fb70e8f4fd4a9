import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SuspensionStore } from '#src/index.js';
import { PostgresSuspensionStore } from '#src/postgres/index.js';
import { RedisSuspensionStore } from '#src/redis/index.js';
import { pglitePool } from '../../postgres/postgres-helpers.js';
import { rejection, withRuntime } from '../../support/runtime-helpers.js';
import { REDIS, titleOf } from '../../support/servers/installed.mjs';
import { startRedis } from '../../support/servers/redis.mjs';

const SECRET = 'a secret of the tests that is long enough';
const CONTEXT = { capabilities: ['ext:*'] };
const CODE = `
  const first = await $ext.shop.price('apple');
  const [second, third] = await Promise.all([$ext.shop.price('pear'), $ext.shop.price('plum')]);
  return [first, second, third]`;
const PRICES: Readonly<Record<string, number>> = { apple: 1, pear: 2, plum: 3 };

interface Place {
  /** As each process makes one of its own. */
  readonly makeStore: () => SuspensionStore;
  end(): Promise<void>;
}

async function onPglite(): Promise<Place> {
  const db = await PGlite.create();
  const pool = pglitePool(db);
  await PostgresSuspensionStore.migrate(pool);
  return { makeStore: () => new PostgresSuspensionStore({ pool }), end: () => db.close() };
}

async function onRedis(): Promise<Place> {
  const server = await startRedis();
  const client = new Redis({ port: server.port });
  return {
    makeStore: () => new RedisSuspensionStore({ client }),
    async end() {
      client.disconnect();
      await server.stop();
    },
  };
}

for (const [title, prepare, isLeftOut] of [
  ['on PGlite', onPglite, false],
  [titleOf('on Redis', REDIS, 'redis-server'), onRedis, REDIS === undefined],
] as const) {
  describe.skipIf(isLeftOut)(`runtimes that share a store ${title}`, () => {
    let place: Place;
    beforeAll(async () => {
      place = await prepare();
    }, 60_000);
    afterAll(() => place?.end());
    const options = () => ({ suspensionStore: place.makeStore(), suspensionSecret: SECRET, maxInstances: 1 });

    it('need a secret, and the same one', async () => {
      const { suspensionSecret: _, ...without } = options();
      const message = /^suspensionSecret is absent, and the suspensionStore is on a server/;
      expect(await rejection(withRuntime(without, async () => {}))).toMatchObject({ code: 'INVALID_CONFIG', message });
      await withRuntime(options(), async () => {});
      const other = { ...options(), suspensionSecret: 'the secret of another application, as long' };
      const foreign = await rejection(withRuntime(other, async () => {}));
      expect(foreign).toMatchObject({
        code: 'INVALID_CONFIG',
        message: /belongs to an application with another suspensionSecret/,
      });
    });

    it('resume what another one suspended', async () => {
      const id = await withRuntime(options(), async (runtime) => {
        const { suspension } = await runtime.executeHandler(CODE, CONTEXT);
        return suspension?.suspensionId ?? '';
      });
      await withRuntime(options(), async (runtime) => {
        const second = await runtime.resumeHandler(id, { success: true, value: 1 });
        expect(second).toMatchObject({
          status: 'suspended',
          suspension: { calls: [{ args: ['pear'] }, { args: ['plum'] }] },
        });
        const calls = second.suspension?.calls ?? [];
        const answers = calls.map(({ callId, args: [name] }) => ({
          callId,
          success: true as const,
          value: PRICES[String(name)],
        }));
        const last = await runtime.resumeHandler(second.suspension?.suspensionId ?? '', answers);
        expect(last).toMatchObject({ status: 'success', returnValue: [1, 2, 3] });
      });
    });

    it('execute durable runs that another one started', async () => {
      const price = async (name: string) => PRICES[name];
      await withRuntime(options(), async (starter) => {
        const run = await starter.start(CODE, CONTEXT, { runId: 'an-order-of-fruit' });
        await withRuntime(options(), async (worker) => {
          await worker.work({ extensions: { shop: { price } } });
          expect(await run.result()).toMatchObject({ status: 'success', returnValue: [1, 2, 3] });
        });
        expect(await starter.getRun('an-order-of-fruit').describe()).toMatchObject({ state: 'ended' });
      });
    }, 60_000);
  });
}
