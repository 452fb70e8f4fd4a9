import { Redis } from 'ioredis';
import { createRuntime, type RuntimeOptions } from 'nexus-runtime';
import { PostgresSuspensionStore } from 'nexus-runtime/postgres';
import { RedisSuspensionStore } from 'nexus-runtime/redis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { POSTGRES, REDIS, titleOf } from '../support/servers/installed.mjs';
import { PostgresServer } from '../support/servers/postgres-server.js';
import { RedisServer } from '../support/servers/redis-server.js';
import { freePorts } from '../support/servers/supervised.mjs';
import { ended, Folder, printed } from './support/nexus.js';

const SECRET = 'a secret of sixteen bytes';
const TOKEN = 'store-0123456789abcdef';
const WAITS = 'const paid = await $signal("paid"); return paid.amount * 2';
const FAILS = 'throw new Error("not today")';

let folder: Folder;
beforeAll(async () => {
  folder = await Folder.create();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** `nexus serve` works on the store of a URL, and `nexus runs` tells its runs something. */
async function serveAndSignal(url: string, suspensionStore: () => NonNullable<RuntimeOptions['suspensionStore']>) {
  const env = {
    NEXUS_STORE_URL: url,
    NEXUS_TOKEN: TOKEN,
    NEXUS_CACHE_DIR: 'false',
    NEXUS_MAX_INSTANCES: '1',
    NEXUS_SUSPENSION_SECRET: SECRET,
  };
  const child = folder.start(['serve', '--port', '0'], env);
  const end = ended(child);
  const address = /http:\/\/[\w.]+:\d+/.exec(await printed(child, /Serving on \S+/))?.[0] as string;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
  for (const [runId, code] of [
    ['waits', WAITS],
    ['fails', FAILS],
  ]) {
    const body = JSON.stringify({ code, context: { capabilities: ['signal:*'] }, options: { runId } });
    expect((await fetch(`${address}/runs`, { method: 'POST', headers, body })).status).toBe(201);
  }
  const result = async (id: string) => (await fetch(`${address}/runs/${id}/result`, { headers })).json();
  expect(await result('fails')).toMatchObject({ status: 'error', error: { message: 'Error: not today' } });

  const runs = (...args: string[]) =>
    folder.json(['runs', ...args], { env: { NEXUS_STORE_URL: url, NEXUS_SUSPENSION_SECRET: SECRET } });
  expect((await runs('ls', '--state', 'waiting')).value).toMatchObject({ runs: [{ runId: 'waits' }] });
  expect((await runs('retry', 'waits')).value).toMatchObject({ outcome: 'waiting' });
  expect(await runs('retry', 'fails')).toMatchObject({ code: 0, value: { outcome: 'accepted' } });
  const payload = ['--payload', '{ "amount": 21 }', '--id', 'p1'];
  expect(await runs('signal', 'waits', 'paid', ...payload)).toMatchObject({ code: 0, value: { outcome: 'accepted' } });
  expect(await result('waits')).toMatchObject({ status: 'success', returnValue: 42 });
  expect(await runs('signal', 'waits', 'paid')).toMatchObject({ code: 2, value: { outcome: 'ended' } });
  expect(await runs('signal', 'none', 'paid')).toMatchObject({ code: 2, value: { outcome: 'unknown' } });
  child.kill('SIGTERM');
  expect((await end).code).toBe(0);

  // It was that server, by an application of its own.
  const runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    suspensionStore: suspensionStore(),
    suspensionSecret: SECRET,
  });
  expect((await runtime.getRun('waits').describe()).state).toBe('ended');
  await runtime.shutdown();
}

describe.skipIf(REDIS === undefined)(titleOf('a store in Redis', REDIS, 'redis-server'), () => {
  it('is found by NEXUS_STORE_URL', async () => {
    const server = await RedisServer.start();
    const client = new Redis(server.url);
    try {
      await serveAndSignal(server.url, () => new RedisSuspensionStore({ client }));
    } finally {
      await client.quit();
      await server.dispose();
    }
  }, 120_000);
});

describe.skipIf(POSTGRES === undefined)(titleOf('a store in PostgreSQL', POSTGRES, 'postgres'), () => {
  it('is found by NEXUS_STORE_URL, and its tables are made', async () => {
    const server = await PostgresServer.start();
    const pool = new pg.Pool({ connectionString: server.url, max: 4 });
    try {
      await serveAndSignal(server.url, () => new PostgresSuspensionStore({ pool }));
    } finally {
      await pool.end();
      await server.dispose();
    }
  }, 120_000);
});

describe('a store that cannot be used', () => {
  it('is one line that says what and how to mend, and shows no password', async () => {
    const [port] = (await freePorts(1)) as [number];
    for (const [url, says] of [
      [`redis://user:hidden-word@127.0.0.1:${port}`, 'ECONNREFUSED'],
      [`postgres://user:hidden-word@127.0.0.1:${port}/runs`, 'ECONNREFUSED'],
      ['mysql://user:hidden-word@127.0.0.1/runs', 'it must begin with redis://, rediss:// or postgres://'],
      ['hidden-word', 'it must begin with redis://, rediss:// or postgres://'],
    ] as const) {
      const { code, stderr } = await folder.nexus(['runs', 'ls'], { env: { NEXUS_STORE_URL: url } });
      expect(code).not.toBe(0);
      expect(stderr).toContain(says);
      expect(stderr).toContain('storeUrl');
      expect(stderr).not.toContain('hidden-word');
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
  }, 60_000);

  it('there is one, and not two', async () => {
    const args = ['runs', 'ls', '--suspension-dir', 'store'];
    const { code, stderr } = await folder.nexus(args, { env: { NEXUS_STORE_URL: 'redis://127.0.0.1:1' } });
    expect(code).not.toBe(0);
    expect(stderr).toContain('There are two stores');
  });
});
