// Servers of a campaign's own, for stores and queues. They are killed, and started again with the data that they had.
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createPostgresBackend, runMigrations } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

import { bullmq } from '#build/bullmq/index.js';
import { PostgresSuspensionStore } from '#build/postgres/index.js';
import { RedisSuspensionStore } from '#build/redis/index.js';
import { POSTGRES, REDIS, unprivilegedUser } from '../../support/servers/installed.mjs';
import { freePorts, supervise } from '../../support/servers/supervised.mjs';

import { ClusterServer, connectCluster } from './fleet-cluster.mjs';

const SECRET = 'the secret of a fleet in a campaign';
const RESTARTS = 40;

/** What is left out where a server is not installed. */
export const HAS = { redis: REDIS !== undefined, postgres: POSTGRES !== undefined };

const addressOf = (port) => `postgres://postgres@127.0.0.1:${port}/postgres`;
const quiet = (emitter) => emitter.on('error', () => {});

/** A dispatcher as a process of a fleet has it, and what ends its connection. */
export function connectQueue({ kind, port }) {
  if (kind === 'redis') {
    const client = quiet(new Redis({ port, maxRetriesPerRequest: null }));
    return { dispatcher: bullmq({ connection: client }), end: () => client.disconnect() };
  }
  const pool = quiet(new pg.Pool({ connectionString: addressOf(port), max: 5, options: '-c search_path=bullmq' }));
  return { dispatcher: bullmq({ connection: pool, backend: createPostgresBackend }), end: () => pool.end() };
}

/** The options of a runtime that has its runs on a server, and what ends its connections. */
export function connectStore({ kind, port, ports, replicas = 0 }) {
  const of = (suspensionStore, end) => ({ suspensions: { suspensionStore, suspensionSecret: SECRET }, end });
  if (kind === 'cluster') {
    const client = connectCluster(ports);
    return of(new RedisSuspensionStore({ client }), () => client.disconnect());
  }
  if (kind === 'redis') {
    const client = quiet(new Redis({ port }));
    return of(new RedisSuspensionStore({ client, replicas, replicasTimeoutMs: 500 }), () => client.disconnect());
  }
  const pool = quiet(new pg.Pool({ connectionString: addressOf(port), max: 4 }));
  return of(new PostgresSuspensionStore({ pool }), () => pool.end());
}

class Server {
  /** Where it listens, and where those that use it connect to. */
  port;
  kind;
  #scratch;
  #supervised;
  #starts = 0;

  constructor(kind, scratch) {
    this.kind = kind;
    this.#scratch = scratch;
    this.folder = join(scratch, 'data');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  get pid() {
    return this.#supervised.pid;
  }

  async begin() {
    [this.port] = await freePorts(1);
    await this.restart();
    await this.prepare?.();
  }

  /** With the data that it had. A server that was killed may hold its port or its memory for a moment. */
  async restart() {
    for (let attempt = 1; ; attempt++) {
      const folder = join(this.#scratch, `run-${this.#starts++}`);
      mkdirSync(folder);
      try {
        this.#supervised = await supervise({ ...this.command(folder), folder });
        return;
      } catch (error) {
        if (attempt === RESTARTS) throw error;
        await pause(100);
      }
    }
  }

  /** At any instruction. */
  async kill() {
    process.kill(this.pid, 'SIGKILL');
    await this.#supervised.stop();
  }

  /** As whoever stops a service does. */
  async terminate() {
    const { pid } = this;
    process.kill(pid, this.ending);
    for (;;) {
      try {
        process.kill(pid, 0);
      } catch {
        break;
      }
      await pause(20);
    }
    await this.#supervised.stop();
  }

  async stop() {
    await this.close?.();
    await this.#supervised?.stop();
  }
}

class RedisServer extends Server {
  #settings;
  #client;

  constructor(scratch, settings) {
    super('redis', scratch);
    this.#settings = settings;
  }

  get ending() {
    return 'SIGTERM';
  }

  command() {
    const all = { port: this.port, bind: '127.0.0.1', dir: this.folder, save: '', ...this.#settings };
    const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, ...`${value}`.split(' ')]);
    return { command: [REDIS, ...options], ready: /Ready to accept connections/ };
  }

  get client() {
    this.#client ??= quiet(new Redis({ port: this.port, maxRetriesPerRequest: null, retryStrategy: () => 50 }));
    return this.#client;
  }

  flush() {
    return this.client.flushall();
  }

  close() {
    this.#client?.disconnect();
  }
}

class PostgresServer extends Server {
  #user = unprivilegedUser();
  #pool;

  constructor(scratch) {
    super('postgres', scratch);
    const settings = ['-D', this.folder, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8'];
    this.#own(scratch);
    this.#own(this.folder);
    execFileSync(join(POSTGRES, 'initdb'), settings, { cwd: scratch, stdio: 'ignore', ...this.#user });
  }

  /** With SIGTERM it waits until its clients have gone. */
  get ending() {
    return 'SIGINT';
  }

  command(folder) {
    this.#own(folder);
    const options = ['-D', this.folder, '-p', `${this.port}`, '-h', '127.0.0.1', '-k', folder];
    const command = [join(POSTGRES, 'postgres'), ...options];
    const ready = /database system is ready to accept/;
    return { command, ready, signal: 'QUIT', ...(this.#user && { user: this.#user }) };
  }

  async prepare() {
    this.#pool = quiet(new pg.Pool({ connectionString: addressOf(this.port), max: 1 }));
    const client = await this.#pool.connect();
    await runMigrations(client);
    client.release();
    await PostgresSuspensionStore.migrate(this.#pool);
  }

  flush() {
    return this.#pool.query('TRUNCATE bullmq.job CASCADE');
  }

  close() {
    return this.#pool?.end();
  }

  #own(path) {
    if (this.#user !== undefined) chownSync(path, this.#user.uid, this.#user.gid);
  }
}

function serverOf(kind, scratch, settings) {
  if (kind === 'cluster') return new ClusterServer();
  return kind === 'redis' ? new RedisServer(scratch, settings) : new PostgresServer(scratch);
}

/** @param settings of redis.conf */
export async function startServer(kind, scratch, settings = { appendonly: 'yes', appendfsync: 'everysec' }) {
  const server = serverOf(kind, scratch, settings);
  await server.begin();
  return server;
}
