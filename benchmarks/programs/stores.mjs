// What the stores on servers cost, with many handlers that wait: how long each batch takes, steps a second, bytes at rest.
//
// node benchmarks/programs/stores.mjs [--store postgres,redis] [--waiting 1000000] [--steps 20000]
//
// It starts servers of its own, with settings for production: PostgreSQL with fsync, Redis with `appendfsync everysec`. A step is a claim
// and a settlement that continues the run, of an envelope of 5.3 KB and an outcome of 1.2 KB. Build first.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';

import { PostgresSuspensionStore } from '../../build/postgres/index.js';
import { RedisSuspensionStore } from '../../build/redis/index.js';
import { startPostgres } from '../../test/support/servers/postgres.mjs';
import { startRedis } from '../../test/support/servers/redis.mjs';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'postgres,redis' },
    waiting: { type: 'string', default: '1000000' },
    steps: { type: 'string', default: '20000' },
  },
});
const WAITING = Number(values.waiting);
const STEPS = Number(values.steps);
const ENVELOPE_BYTES = 5_300;
const OUTCOME_BYTES = 1_200;
/** The many have small ones: what is measured does not read them. */
const SMALL_BYTES = 200;
const AT_ONCE = 256;
const ROUNDS = 40;
const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.now();

const SERVERS = { postgres: withPostgres, redis: withRedis };
for (const name of values.store.split(',')) await SERVERS[name]();

async function withPostgres() {
  const server = await startPostgres({ settings: { shared_buffers: '256MB', max_wal_size: '2GB' } });
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  try {
    await PostgresSuspensionStore.migrate(pool);
    const store = new PostgresSuspensionStore({ pool });
    const bytes = async () => {
      const { rows } = await pool.query(`SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'nexus' AND c.relkind = 'r'`);
      return Number(rows[0].bytes);
    };
    const cpu = () => 0;
    await measure('PostgreSQL', store, { bytes, cpu, settle: () => pool.query('VACUUM ANALYZE nexus.waiting') });
  } finally {
    await pool.end();
    await server.stop();
  }
}

async function withRedis() {
  const server = await startRedis({ appendonly: 'yes', appendfsync: 'everysec' });
  const client = new Redis({ port: server.port });
  try {
    const info = async (name) => Number(new RegExp(`^${name}:(.*)`, 'm').exec(await client.info())?.[1]);
    const cpu = async () => (await info('used_cpu_user')) + (await info('used_cpu_sys'));
    const bytes = () => info('used_memory');
    await measure('Redis', new RedisSuspensionStore({ client }), { bytes, cpu, settle: async () => {} });
  } finally {
    client.disconnect();
    await server.stop();
  }
}

async function measure(title, store, { bytes, cpu, settle }) {
  console.log(`\n${title}`);
  await atRest(store, bytes);
  await steps(store, cpu);
  await many(store, WAITING);
  await settle();
  console.log(`  with ${WAITING.toLocaleString('en')} waiting: ${mib(await bytes())}`);
  let after;
  await batches('list, 1,000 of all', async () => {
    const page = await store.list({ limit: 1_000, ...(after && { after }) });
    after = page.next;
  });
  after = undefined;
  await batches('list, 1,000 looked at, of a deployment', async () => {
    const page = await store.list({ limit: 1_000, deployment: 'rare', states: ['suspended'], ...(after && { after }) });
    after = page.next;
  });
  await batches('due, 100 of a deployment, nothing due', () => store.due(NOW - DAY, { limit: 100, deployment: 'b' }));
  await batches('due, 100 of a deployment, most are due', () => store.due(NOW + DAY, { limit: 100, deployment: 'b' }));
  await batches('due, 100 of all, most are due', () => store.due(NOW + DAY, { limit: 100 }));
  await batches('sweep, nothing to do', () => store.sweep(NOW));
  await batches('sweep, 100 expire', () => store.sweep(NOW + 10 * DAY, { limit: 100 }));
  await batches('sweep, 100 are forgotten', () => store.sweep(NOW + 30 * DAY, { limit: 100 }), 10);
  await store.close();
}

async function batches(title, run, rounds = ROUNDS) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const at = (share) => `${times[Math.min(rounds - 1, Math.floor(share * rounds))].toFixed(1)} ms`;
  console.log(`  ${title.padEnd(42)} p50 ${at(0.5).padStart(9)}, most ${at(1).padStart(9)}`);
}

async function many(store, count) {
  await together(count, (index) =>
    store.put(suspension(newId(), index % 1_000 === 0 ? 'rare' : index % 2 ? 'a' : 'b', SMALL_BYTES)),
  );
}

async function atRest(store, bytes) {
  const count = 5_000;
  const before = await bytes();
  const ids = Array.from({ length: count }, newId);
  await together(count, (index) => store.put(suspension(ids[index], 'a', ENVELOPE_BYTES)));
  const waiting = await bytes();
  await together(count, (index) => store.settle(ids[index], undefined, outcome('cancelled')));
  const settled = await bytes();
  console.log(
    `  at rest: ${((waiting - before) / count).toFixed(0)} bytes waiting, of an envelope of ${ENVELOPE_BYTES}`,
  );
  console.log(
    `  settled after that: ${((settled - before) / count).toFixed(0)} bytes, of an outcome of ${OUTCOME_BYTES}`,
  );
  await store.forget(ids);
}

async function steps(store, cpu) {
  for (const width of [1, 32]) {
    const runs = Array.from({ length: width }, () => newId().slice(0, -2));
    for (const run of runs) await store.put(suspension(`${run}.1`, 'a', ENVELOPE_BYTES));
    const each = Math.floor(STEPS / (width === 1 ? 10 : 1) / width);
    const usedBefore = await cpu();
    const before = performance.now();
    await Promise.all(runs.map((run) => goOn(store, run, each)));
    const seconds = (performance.now() - before) / 1_000;
    const used = ((await cpu()) - usedBefore) / (each * width);
    const cpuText = used > 0 ? `, ${(used * 1e6).toFixed(0)} µs of the server each` : '';
    console.log(`  steps, ${width} at once: ${((each * width) / seconds).toFixed(0)}/s${cpuText}`);
  }
}

async function goOn(store, run, count) {
  for (let generation = 1; generation <= count; generation++) {
    const id = `${run}.${generation}`;
    const { fence } = await store.claim(id, { owner: 'bench', leaseUntilMs: NOW + 30_000 }, NOW);
    await store.settle(id, fence, outcome('continued'), suspension(`${run}.${generation + 1}`, 'a', ENVELOPE_BYTES));
  }
}

async function together(count, run) {
  let next = 0;
  const work = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function newId() {
  return `${randomBytes(16).toString('base64url')}.1`;
}

function suspension(id, deployment, bytes) {
  const info = { handlerName: 'approve order', calls: ['http.get'], suspendedAtMs: NOW };
  const envelope = randomBytes(bytes);
  const due = Math.floor(Math.random() * DAY);
  return {
    id,
    envelope,
    createdAtMs: NOW,
    expiresAtMs: NOW + 7 * DAY,
    dueAtMs: NOW + due,
    deployment,
    tenant: 'acme',
    info,
  };
}

function outcome(state) {
  return { state, content: randomBytes(OUTCOME_BYTES), settledAtMs: NOW, keepUntilMs: NOW + DAY };
}

function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
