import type { BackendFactory } from 'bullmq';

import { integer, invalidOption, rejectUnknownKeys, requireObject } from '../config/check.js';

/** Options of `bullmq`. */
export interface BullmqOptions {
  /**
   * As BullMQ takes it. For Redis: a client of `ioredis` with `maxRetriesPerRequest: null`, or `{ host, port, … }`. For PostgreSQL: a `Pool` of
   * `pg` with `options: '-c search_path=bullmq'`, in which each queue that this process takes tasks from holds a connection. What the
   * application made it closes.
   */
  readonly connection: string | object;
  /** `createPostgresBackend` of BullMQ for PostgreSQL. @default Redis */
  // biome-ignore lint/suspicious/noExplicitAny: what a backend connects by is its own
  readonly backend?: BackendFactory<any, any>;
  /** Before all keys in Redis. For PostgreSQL the pool has a schema. @default 'nexus' */
  readonly prefix?: string;
  /** Of the application: before the names of its queues. @default 'nexus' */
  readonly name?: string;
  /**
   * Queues for the runs of one deployment, 1 to 64, the same for all processes. A queue of BullMQ is on one node of a Redis Cluster, and one core
   * moves some 1,800 steps a second. @default 1
   */
  readonly shards?: number;
}

/** With defaults. */
export interface BullmqConfig {
  readonly connection: unknown;
  readonly backend: BackendFactory | undefined;
  readonly prefix: string;
  readonly name: string;
  readonly shards: number;
}

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;
const MAX_SHARDS = 64;
const KEYS = ['connection', 'backend', 'prefix', 'name', 'shards'];

/** @throws NexusError INVALID_CONFIG naming the option, its value and what is allowed */
export function resolveOptions(options: BullmqOptions): BullmqConfig {
  requireObject('options', options);
  rejectUnknownKeys(options, KEYS, '');
  const { connection, backend, prefix = 'nexus', name = 'nexus' } = options;
  const isThere = typeof connection === 'string' || (typeof connection === 'object' && connection !== null);
  if (!isThere) throw invalidOption('connection', connection, 'a connection as BullMQ takes it');
  if (backend !== undefined && typeof backend !== 'function')
    throw invalidOption('backend', backend, 'createPostgresBackend of bullmq, or absent for Redis');
  const expected = '1 to 100 of A-Z, a-z, 0-9, _, . and -';
  if (typeof prefix !== 'string' || !NAME.test(prefix)) throw invalidOption('prefix', prefix, expected);
  if (typeof name !== 'string' || !NAME.test(name)) throw invalidOption('name', name, expected);
  const shards = integer('shards', options.shards, 1, { min: 1, max: MAX_SHARDS });
  return { connection, backend: backend as BackendFactory | undefined, prefix, name, shards };
}
