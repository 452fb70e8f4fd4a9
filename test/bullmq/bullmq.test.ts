import { createPostgresBackend, runMigrations } from 'bullmq';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type BullmqDispatcher, bullmq } from '#src/bullmq/bullmq.js';
import type { Task } from '#src/index.js';
import { describeDispatcher } from '#src/testing/store/dispatching.js';
import { POSTGRES, titleOf } from '../support/servers/installed.mjs';
import { hasPostgres, PostgresServer } from '../support/servers/postgres-server.js';
import { SharedQueue } from '../support/shared-queue.js';
import { BACKENDS, type Backend } from './backends.js';

let names = 0;

for (const [title, start, isLeftOut] of BACKENDS)
  describe.skipIf(isLeftOut)(title, () => {
    let backend: Backend;
    const opened: BullmqDispatcher[] = [];
    beforeAll(async () => {
      backend = await start();
    }, 60_000);
    afterAll(async () => {
      for (const one of opened) await one.close();
      await backend.dispose();
    }, 60_000);
    const open = (name: string, shards?: number) => {
      const one = backend.open(name, shards);
      opened.push(one);
      return one;
    };

    describe.each([1, 3])('with %d queues for a deployment', (shards) => {
      const makeHarness = () => {
        const name = `suite-${names++}`;
        const own: BullmqDispatcher[] = [];
        return {
          open() {
            const one = backend.open(name, shards);
            own.push(one);
            return one;
          },
          dispose: async () => void (await Promise.all(own.map((one) => one.close()))),
        };
      };
      describeDispatcher('the contract', makeHarness, { describe, it, expect });
    });

    it('drops what is no task, and keeps nothing of what was handled', async () => {
      const producer = open('foreign');
      const taken: Task[] = [];
      await open('foreign').consume(async (task) => void taken.push(task), {
        ...{ concurrency: 1, deployments: ['d'], extensions: [] },
      });
      const odd = { kind: 'run', runId: '../etc', deployment: 'd', key: 'k' } as const;
      await producer.dispatch([odd, { kind: 'run', runId: 'fine', deployment: 'd', key: 'fine' }]);
      await vi.waitFor(() => expect(taken).toHaveLength(1), { timeout: 20_000 });
      expect(taken).toEqual([{ kind: 'run', runId: 'fine', deployment: 'd', key: 'fine' }]);
    });

    it('schedules: each tick is one run for all processes, under an id that follows from it', async () => {
      const ticks: { runId: string; atMs: number }[] = [];
      const tell = async ({ runId, at }: { runId: string; at: Date }) => {
        ticks.push({ runId, atMs: at.getTime() });
        if (ticks.length === 2) throw new Error('the store is away');
      };
      const one = open('cron');
      const schedules = [
        await one.schedule('often', { everyMs: 500 }, tell),
        await open('cron').schedule('often', { everyMs: 500 }, tell),
      ];
      await vi.waitFor(() => expect(ticks.length).toBeGreaterThan(4), { timeout: 30_000 });
      await schedules[0]?.remove();
      await schedules[1]?.close();
      const ids = new Map(ticks.map(({ runId, atMs }) => [runId, atMs]));
      // One of them was told again.
      expect(ids.size).toBeLessThan(ticks.length);
      expect(new Set(ids.values()).size).toBe(ids.size);
      expect([...ids.keys()].every((id) => /^[A-Za-z0-9_-]{22}$/.test(id))).toBe(true);
      const later = await one.schedule('nightly', { pattern: '0 3 * * *', timeZone: 'Europe/Berlin' }, tell);
      await later.remove();
    }, 60_000);

    it('removes tasks that nobody has taken for a day, and no others', async () => {
      const raw = backend.queue('left-calls-nobody');
      try {
        const hourMs = 60 * 60_000;
        const data = { kind: 'call', runId: 'r', callId: 'c1', extension: 'nobody' };
        for (const ageMs of [25 * hourMs, 30 * hourMs, 23 * hourMs])
          await raw.add('call', data, { timestamp: Date.now() - ageMs, jobId: `old-${ageMs / hourMs}` });
        const task = { kind: 'call', runId: 'r', callId: 'c1', extension: 'nobody', key: 'r:c1' } as const;
        await open('left').dispatch([task]);
        const waiting = async () => (await raw.getWaiting()).map(({ id }) => id?.slice(0, 6)).sort();
        await vi.waitFor(async () => expect(await waiting()).toEqual(['old-23', expect.stringMatching(/^r-c1-/)]), {
          timeout: 20_000,
        });
      } finally {
        await raw.close();
      }
    });

    it('goes on after its server was away', async () => {
      const producer = open('away');
      const taken = new Set<string>();
      const run = (runId: string): Task => ({ kind: 'run', runId, deployment: 'd', key: runId });
      await open('away').consume(async ({ runId }) => void taken.add(runId), {
        ...{ concurrency: 4, deployments: ['d'], extensions: [] },
      });
      await producer.dispatch([run('before')]);
      await vi.waitFor(() => expect(taken.has('before')).toBe(true), { timeout: 20_000 });
      await backend.server.stop();
      await backend.server.restart();
      // What was under way may be lost: the next one is not.
      await vi.waitFor(
        async () => {
          await producer.dispatch([run('after')]);
          expect(taken.has('after')).toBe(true);
        },
        { timeout: 50_000, interval: 500 },
      );
    }, 60_000);
  });

describe.skipIf(!hasPostgres)(titleOf('BullMQ on a PostgreSQL without its tables', POSTGRES, 'PostgreSQL'), () => {
  it('is refused with what to do, and does not hold the thread', async () => {
    const server = await PostgresServer.start();
    const pool = new Pool({ connectionString: server.url, max: 3 });
    pool.on('error', () => {});
    const queue = bullmq({ connection: pool, backend: createPostgresBackend });
    try {
      const options = { concurrency: 1, deployments: ['d'], extensions: [] };
      await expect(queue.consume(async () => {}, options)).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
        message: expect.stringMatching(/is not initialized.*await runMigrations\(client\) of bullmq/),
      });
      await expect(queue.dispatch([])).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
      const client = await pool.connect();
      await runMigrations(client);
      client.release();
      await expect(queue.consume(async () => {}, options)).rejects.toMatchObject({
        message: expect.stringMatching(/does not exist. A pool of pg needs .*search_path=bullmq/),
      });
    } finally {
      await queue.close();
      await pool.end();
      await server.dispose();
    }
  }, 60_000);
});

describe.skipIf(!hasPostgres)(titleOf('a worker whose pool was ended', POSTGRES, 'PostgreSQL'), () => {
  it('fails without an end, but the process has its turns, and closes', async () => {
    const server = await PostgresServer.start();
    const pool = new Pool({ connectionString: server.url, max: 5, options: '-c search_path=bullmq' });
    pool.on('error', () => {});
    const client = await pool.connect();
    await runMigrations(client);
    client.release();
    const queue = bullmq({ connection: pool, backend: createPostgresBackend });
    try {
      await queue.consume(async () => {}, { concurrency: 1, deployments: ['d'], extensions: ['e'] });
      void pool.end();
      await server.stop();
      for (let turn = 0; turn < 1_000; turn++) await new Promise(setImmediate);
    } finally {
      await queue.close();
      await server.dispose();
    }
  }, 60_000);
});

describe('bullmq()', () => {
  it('refuses options that are none, by name', () => {
    expect(() => bullmq({} as never)).toThrow(/connection is undefined.*as BullMQ takes it/);
    expect(() => bullmq({ connection: {}, name: 'a:b' })).toThrow(/name is "a:b".*_, \. and -/);
    expect(() => bullmq({ connection: {}, shards: 65 })).toThrow(/shards is 65.*from 1 to 64/);
    expect(() => bullmq({ connection: {}, shard: 1 } as never)).toThrow(/Unknown option shard. Did you mean shards/);
  });
});

describe('a queue in memory', () => {
  const makeHarness = () => {
    const queue = new SharedQueue({ delayMs: () => Math.random() * 5 });
    return { open: () => queue.view(), dispose: () => queue.close() };
  };
  describeDispatcher('the contract', makeHarness, { describe, it, expect });
});
