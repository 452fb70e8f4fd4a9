import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';

import { type RedisLike, RedisSuspensionStore } from '#src/redis/index.js';
import { REDIS, titleOf } from '../support/servers/installed.mjs';
import { startRedis } from '../support/servers/redis.mjs';
import { freePorts } from '../support/servers/supervised.mjs';

const USER = { secretIds: ['a'.repeat(32)] };

interface Connection {
  readonly host?: string;
  readonly port?: number;
  readonly password?: string;
  readonly tls?: object;
}

/** Opens a store, and closes what it was given. */
async function opening(options: Connection, prefix = 'nexus', user = USER): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', ...options });
  onTestFinished(() => client.disconnect());
  // Without one of its own, it prints what the store reports.
  client.on('error', () => {});
  await new RedisSuspensionStore({ client, prefix }).open(user);
}

async function serverWith(settings: Readonly<Record<string, string>>): Promise<number> {
  const server = await startRedis(settings);
  onTestFinished(() => server.stop());
  return server.port;
}

describe.skipIf(REDIS === undefined)(titleOf('what the store says at its start', REDIS, 'redis-server'), () => {
  it('nothing, where everything is as it should be', async () => {
    const port = await serverWith({});
    await opening({ port });
    await opening({ port });
  });

  it('a wrong password, and none', async () => {
    const port = await serverWith({ requirepass: 'right' });
    for (const password of [{}, { password: 'wrong' }]) {
      const message = /refuses the password .*right username and password/;
      await expect(opening({ port, ...password })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
    }
    await opening({ port, password: 'right' });
  });

  it('a host that is none', async () => {
    const message = /no such host .*Mend the host of the client/;
    await expect(opening({ host: 'nowhere.invalid' })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('a server that does not run may run later', async () => {
    const [port] = (await freePorts(1)) as [number];
    const message = /ECONNREFUSED.*host and port/;
    await expect(opening({ port })).rejects.toMatchObject({ code: 'INTERNAL_ERROR', message });
  });

  it('TLS where there is none, and none where it is', async () => {
    const port = await serverWith({});
    // Redis waits for more of what it takes for a command.
    const without = opening({ port, tls: { rejectUnauthorized: false } });
    await expect(without).rejects.toMatchObject({ code: 'INTERNAL_ERROR', message: /did not answer in .*TLS/ });

    const folder = await mkdtemp(join(tmpdir(), 'nexus-tls-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ]);
    const [tlsPort] = (await freePorts(1)) as [number];
    await serverWith({
      ...{ port: '0', 'tls-port': `${tlsPort}`, 'tls-cert-file': cert, 'tls-key-file': key },
      ...{ 'tls-ca-cert-file': cert, 'tls-auth-clients': 'no' },
    });
    const plain = opening({ port: tlsPort });
    await expect(plain).rejects.toMatchObject({ code: 'INTERNAL_ERROR', message: /TLS connections only.*rediss/ });
    const untrusted = opening({ port: tlsPort, tls: {} });
    await expect(untrusted).rejects.toMatchObject({ code: 'INVALID_CONFIG', message: /not trusted .*tls: \{ ca \}/ });
    await opening({ port: tlsPort, tls: { ca: await readFile(cert) } });
  });

  it('a read-only replica', async () => {
    const primary = await serverWith({ 'repl-diskless-sync-delay': '0' });
    const port = await serverWith({ replicaof: `127.0.0.1 ${primary}` });
    const message = /read-only replica. Point the client at the primary/;
    await expect(opening({ port })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('a policy that evicts', async () => {
    const port = await serverWith({ 'maxmemory-policy': 'allkeys-lru' });
    const message = /maxmemory-policy allkeys-lru, which deletes handlers that wait. Set `maxmemory-policy noeviction`/;
    await expect(opening({ port })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('a server that is a node of a Cluster', async () => {
    const [bus] = await freePorts(1);
    const port = await serverWith({ 'cluster-enabled': 'yes', 'cluster-port': `${bus}` });
    const message = /node of a Cluster. Use `new Redis.Cluster/;
    await expect(opening({ port })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('two applications under one prefix, and not one whose secret changes', async () => {
    const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];
    const port = await serverWith({});
    await opening({ port }, 'shop', { secretIds: [first] });
    const message =
      /prefix "shop" belongs to an application with another suspensionSecret. Give each application its own prefix/;
    const other = opening({ port }, 'shop', { secretIds: [second] });
    await expect(other).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
    await opening({ port }, 'other shop'.replace(' ', '-'), { secretIds: [second] });
    for (const secretIds of [[second, first], [third, second], [first]]) await opening({ port }, 'shop', { secretIds });
  });

  it('keys of another version', async () => {
    const port = await serverWith({});
    await opening({ port });
    const client = new Redis({ port });
    await client.hset('{nexus:meta}:meta', 'version', '2');
    client.disconnect();
    const message = /under the prefix "nexus" is of version 2, and this library has version 1/;
    await expect(opening({ port })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('no secret', async () => {
    const port = await serverWith({});
    const opened = opening({ port }, 'nexus', { secretIds: [] });
    await expect(opened).rejects.toMatchObject({ code: 'INVALID_CONFIG', message: /^suspensionSecret is absent/ });
  });
});

it('options that are none', () => {
  const client: RedisLike = { callBuffer: async () => {} };
  for (const [options, message] of [
    [{}, /^client is undefined; it must be a Redis or Cluster of ioredis/],
    [{ client, prefix: '{a}' }, /^prefix is "\{a\}"; it must be/],
    [{ client, prefx: 'a' }, /Unknown option prefx. Did you mean prefix/],
    [{ client, replicas: -1 }, /replicas/],
    [
      { client: { ...client, isCluster: true }, replicas: 1 },
      /^replicas is 1; it must be 0 with a Cluster.*min-replicas-to-write/,
    ],
  ] as const) {
    let thrown: unknown;
    try {
      new RedisSuspensionStore(options as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'INVALID_CONFIG', message });
  }
});
