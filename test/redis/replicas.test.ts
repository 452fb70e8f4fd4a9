import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';

import { RedisSuspensionStore } from '#src/redis/index.js';
import { idOf, makeOutcome, makeSuspension } from '#src/testing/store/samples.js';
import { eventually } from '../support/runtime-helpers.js';
import { REDIS, titleOf } from '../support/servers/installed.mjs';
import { startRedis } from '../support/servers/redis.mjs';

const NOW = 2_000;
const LEASE = { owner: 'one', leaseUntilMs: 3_000 };

/** @param replicasTimeoutMs far longer than a replica takes on a busy machine, unless none is expected to answer */
async function withReplica(replicasTimeoutMs = 20_000) {
  const primary = await startRedis({ 'repl-diskless-sync-delay': '0' });
  onTestFinished(() => primary.stop());
  const replica = await startRedis({ replicaof: `127.0.0.1 ${primary.port}` });
  onTestFinished(() => replica.stop());
  const client = new Redis({ port: primary.port });
  onTestFinished(() => client.disconnect());
  client.on('error', () => {});
  await eventually(async () => expect(await client.info('replication')).toContain('state=online'));
  const store = new RedisSuspensionStore({ client, replicas: 1, replicasTimeoutMs });
  onTestFinished(() => store.close());
  return { primary, replica, client, store };
}

describe.skipIf(REDIS === undefined)(titleOf('waiting for replicas', REDIS, 'redis-server'), () => {
  it('what was acknowledged is on the replica', async () => {
    const { primary, replica, store } = await withReplica();
    const ids = Array.from({ length: 50 }, (_, index) => idOf(`run ${index}`));
    await Promise.all(ids.map((id) => store.put(makeSuspension(id))));
    process.kill(primary.pid, 'SIGKILL');
    const survivor = new Redis({ port: replica.port });
    onTestFinished(() => survivor.disconnect());
    await survivor.call('REPLICAOF', 'NO', 'ONE');
    const after = new RedisSuspensionStore({ client: survivor });
    for (const id of ids) expect(await after.read(id)).toMatchObject({ state: 'suspended' });
  });

  it('without the replica, nothing is acknowledged, and the same call may be repeated', async () => {
    const { replica, client, store } = await withReplica(50);
    const suspension = makeSuspension(idOf('a run'));
    await eventually(() => store.key());
    await replica.stop();
    const refused = { code: 'INTERNAL_ERROR', message: /0 of 1 replicas had it after 50 ms/ };
    await expect(store.put(suspension)).rejects.toMatchObject(refused);
    await expect(store.put(suspension)).rejects.toMatchObject(refused);
    const plain = new RedisSuspensionStore({ client });
    const answer = await plain.claim(suspension.id, LEASE, NOW);
    const fence = answer.kind === 'claimed' ? answer.fence : 0;
    await expect(store.settle(suspension.id, fence, makeOutcome('completed'))).rejects.toMatchObject(refused);
    // Neither is the outcome, which may be rolled back, told to anybody.
    await expect(store.read(suspension.id)).rejects.toMatchObject(refused);
  });

  it('a connection that breaks between a write and WAIT acknowledges nothing by itself', async () => {
    const { client, store } = await withReplica();
    await store.put(makeSuspension(idOf('before')));
    const puts = Array.from({ length: 40 }, (_, index) => makeSuspension(idOf(`run ${index}`)));
    const putting = Promise.all(puts.map((one) => store.put(one)));
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    // Sent again with the same nonces, on a new connection, with a WAIT behind them.
    await putting;
    for (const { id } of puts) expect(await store.read(id)).toMatchObject({ state: 'suspended' });
  });

  it('a claim that a failover took back is not taken for that of another claimant', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const clients = [0, 1].map(() => new Redis({ port: server.port }));
    onTestFinished(() => {
      for (const client of clients) client.disconnect();
    });
    const [one, other] = clients.map((client) => new RedisSuspensionStore({ client }));
    const suspension = makeSuspension(idOf('a run'));
    await one?.put(suspension);
    const [client] = clients as [Redis];
    const run = `{nexus:${suspension.id[0]}}:r:${suspension.id.slice(0, -2)}`;
    // Only the first fence is random.
    const lapsed = await one?.claim(suspension.id, LEASE, NOW);
    if (lapsed?.kind === 'claimed') await one?.release(suspension.id, lapsed.fence);
    const before = await client.getBuffer(run).catch(() => client.dumpBuffer(run));
    const answer = await one?.claim(suspension.id, LEASE, NOW);
    const fence = answer?.kind === 'claimed' ? answer.fence : 0;
    await client.restore(run, 0, before as Buffer, 'REPLACE');
    expect(await other?.claim(suspension.id, LEASE, NOW)).toMatchObject({ kind: 'claimed', fence });
    expect(await one?.settle(suspension.id, fence, makeOutcome('completed'))).toEqual({ kind: 'fenced' });
    expect(await other?.settle(suspension.id, fence, makeOutcome('completed'))).toEqual({ kind: 'recorded' });
  });

  it('a server of the tests does not outlive the process that started it', async () => {
    const { spawn } = await import('node:child_process');
    const helper = new URL('../support/servers/redis.mjs', import.meta.url).href;
    const program = `
      const { startRedis } = await import(${JSON.stringify(helper)});
      const { port } = await startRedis();
      console.log(port);
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = await once(child.stdout, 'data');
    const socket = connect(Number(String(port)), '127.0.0.1');
    await once(socket, 'connect');
    child.kill('SIGKILL');
    // It may be reset, which is as good an end.
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('close', resolve));
  });
});
