import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { PostgresSuspensionStore } from '#src/postgres/index.js';
import { POSTGRES, titleOf } from '../support/servers/installed.mjs';
import { startPostgres } from '../support/servers/postgres.mjs';
import { freePorts } from '../support/servers/supervised.mjs';

const USER = { secretIds: ['a'.repeat(32)] };

describe.skipIf(POSTGRES === undefined)(titleOf('what the store says at its start', POSTGRES, 'PostgreSQL'), () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres({
      hosts: [
        'hostssl all encrypted 127.0.0.1/32 scram-sha-256',
        'host all nexus,limited,frozen 127.0.0.1/32 scram-sha-256',
      ],
    });
    const pool = poolOf({});
    await pool.query('CREATE DATABASE other');
    await pool.query(`CREATE ROLE encrypted LOGIN PASSWORD 'x'; CREATE ROLE limited LOGIN PASSWORD 'x';
      CREATE ROLE frozen LOGIN PASSWORD 'x'; ALTER ROLE frozen SET default_transaction_isolation = 'serializable'`);
    await PostgresSuspensionStore.migrate(pool);
    await pool.end();
  }, 120_000);
  afterAll(() => server?.stop());

  const poolOf = (config: pg.PoolConfig) => new pg.Pool({ connectionString: server.url, max: 2, ...config });
  const urlOf = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${server.port}/postgres`;

  /** Opens a store, and closes what it was given. */
  async function opening(config: pg.PoolConfig, schema = 'nexus', user = USER): Promise<void> {
    const pool = poolOf(config);
    onTestFinished(() => pool.end());
    await new PostgresSuspensionStore({ pool, schema }).open(user);
  }

  it('nothing, where everything is as it should be', async () => {
    await opening({});
    await opening({});
  });

  it.each([
    ['a wrong password', () => urlOf('nexus', 'wrong'), /refuses the password .*right user and password/],
    [
      'no password',
      () => `postgres://nexus@127.0.0.1:${server.port}/postgres`,
      /refuses the password .*right user and password/,
    ],
    ['a host that is none', () => 'postgres://nexus@nowhere.invalid/postgres', /no such host .*Mend the host/],
    ['a database that is none', () => server.url.replace(/postgres$/, 'none'), /no such database .*Create it/],
    ['a server that wants TLS', () => urlOf('encrypted', 'x'), /encrypted connections only .*ssl/],
    ['a server that has no TLS', () => `${server.url}?sslmode=require`, /does not speak TLS .*ssl: false/],
    ['a user who may do nothing', () => urlOf('limited', 'x'), /may not use the schema "nexus" .*GRANT/],
    ['another isolation level', () => urlOf('frozen', 'x'), /"serializable". Leave default_transaction_isolation/],
    [
      'a database without tables',
      () => server.url.replace(/postgres$/, 'other'),
      /no tables in the schema "nexus".*migrate/,
    ],
  ])('%s', async (_, url, message) => {
    await expect(opening({ connectionString: url() })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('a server that does not run may run later', async () => {
    const [port] = await freePorts(1);
    const opened = opening({ connectionString: `postgres://nexus@127.0.0.1:${port}/postgres` });
    await expect(opened).rejects.toMatchObject({ code: 'INTERNAL_ERROR', message: /ECONNREFUSED.*host and port/ });
  });

  it('connections that are read-only', async () => {
    const options = '-c default_transaction_read_only=on';
    const message = /connections of the pool are read-only/;
    await expect(opening({ options })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  });

  it('a read-only replica', async () => {
    const replica = await startPostgres({ isStandby: true });
    onTestFinished(() => replica.stop());
    const message = /read-only replica. Point the pool at the primary/;
    await expect(opening({ connectionString: replica.url })).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
  }, 120_000);

  it('a schema of another version, which is left as it is', async () => {
    const pool = poolOf({});
    onTestFinished(() => pool.end());
    await PostgresSuspensionStore.migrate(pool, { schema: 'later' });
    for (const [version, message] of [
      [2, /version 2, and this library has version 1. A later release/],
      [0, /version 0, and this library has version 1. Call `PostgresSuspensionStore.migrate/],
    ] as const) {
      await pool.query(`UPDATE later.meta SET version = ${version}`);
      await expect(opening({}, 'later')).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
      if (version === 0) continue;
      const migrated = PostgresSuspensionStore.migrate(pool, { schema: 'later' });
      await expect(migrated).rejects.toMatchObject({ code: 'INVALID_CONFIG', message });
    }
    await PostgresSuspensionStore.migrate(pool, { schema: 'later' });
    await opening({}, 'later');
  });

  it('two applications in one schema, and not one whose secret changes', async () => {
    const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];
    const pool = poolOf({});
    onTestFinished(() => pool.end());
    await PostgresSuspensionStore.migrate(pool, { schema: 'shared' });
    await opening({}, 'shared', { secretIds: [first] });
    const message =
      /schema "shared" belongs to an application with another suspensionSecret. Give each application its own schema/;
    await expect(opening({}, 'shared', { secretIds: [second] })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message,
    });
    await opening({}, 'shared', { secretIds: [second, first] });
    await opening({}, 'shared', { secretIds: [third, second] });
    await opening({}, 'shared', { secretIds: [first] });
  });

  it('no secret', async () => {
    const opened = opening({}, 'nexus', { secretIds: [] });
    await expect(opened).rejects.toMatchObject({ code: 'INVALID_CONFIG', message: /^suspensionSecret is absent/ });
  });

  it('what many processes migrate at once is there', async () => {
    const pool = poolOf({ max: 8 });
    onTestFinished(() => pool.end());
    await Promise.all(Array.from({ length: 8 }, () => PostgresSuspensionStore.migrate(pool, { schema: 'at_once' })));
    await opening({}, 'at_once');
  });

  it('options that are none', () => {
    for (const [options, message] of [
      [{}, /^pool is undefined; it must be a Pool of pg/],
      [{ pool: {}, schema: 'nexus' }, /^pool is/],
      [{ pool: { query() {} }, schema: 'a"b' }, /^schema is "a\\?"b"; it must be/],
      [{ pool: { query() {} }, shema: 'a' }, /Unknown option shema. Did you mean schema/],
    ] as const) {
      let thrown: unknown;
      try {
        new PostgresSuspensionStore(options as never);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'INVALID_CONFIG', message });
    }
  });
});
