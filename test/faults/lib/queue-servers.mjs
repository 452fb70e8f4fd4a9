// Servers of a campaign's own: a Redis, or a PostgreSQL, for the queues of BullMQ.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createPostgresBackend, runMigrations } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

import { bullmq } from '#build/bullmq/index.js';

const DEBIAN = '/usr/lib/postgresql';
/** It ends with its input, however this process ends. */
const SUPERVISED = '"$@" </dev/null >/dev/null 2>&1 & pid=$!; cat >/dev/null; kill -9 "$pid"; wait "$pid"';

/** Connects a dispatcher as a process of a fleet does. */
export function connect({ kind, port }) {
  if (kind === 'redis') {
    const client = new Redis({ port, maxRetriesPerRequest: null });
    client.on('error', () => {});
    return bullmq({ connection: client });
  }
  const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const pool = new pg.Pool({ connectionString, max: 5, options: '-c search_path=bullmq' });
  pool.on('error', () => {});
  return bullmq({ connection: pool, backend: createPostgresBackend });
}

/** The folder with the binaries of PostgreSQL; undefined where it is not installed. */
function postgresFolder() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function supervise(command, args, user = {}) {
  const child = spawn('sh', ['-c', SUPERVISED, 'sh', command, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    ...user,
  });
  return async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    await ended;
  };
}

/** @returns `queue` for {@link connect}, `flush` that loses all that is in it, and `stop` */
export async function startQueue(kind, scratch) {
  const port = await freePort();
  const folder = join(scratch, kind);
  mkdirSync(folder);
  if (kind === 'redis') {
    const stopServer = supervise('redis-server', [
      '--port',
      `${port}`,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ]);
    const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 50 });
    client.on('error', () => {});
    await client.ping();
    return {
      queue: { kind, port },
      flush: () => client.flushall(),
      async stop() {
        client.disconnect();
        await stopServer();
      },
    };
  }
  const binaries = postgresFolder();
  const idOf = (flag) => Number(execFileSync('id', [flag, 'postgres']));
  const user = process.getuid() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'], {
    ...{ cwd: folder, stdio: 'ignore' },
    ...user,
  });
  const stopServer = supervise(
    join(binaries, 'postgres'),
    ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', folder],
    user,
  );
  const pool = new pg.Pool({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres`, max: 1 });
  pool.on('error', () => {});
  while (
    !(await pool.query('SELECT 1').then(
      () => true,
      () => false,
    ))
  ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const client = await pool.connect();
  await runMigrations(client);
  client.release();
  return {
    queue: { kind, port },
    flush: () => pool.query('TRUNCATE bullmq.job CASCADE'),
    async stop() {
      await pool.end();
      await stopServer();
    },
  };
}
