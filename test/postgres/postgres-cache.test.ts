import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime } from '#src/index.js';
import { postgresCache } from '#src/postgres/postgres-cache.js';
import { hasPostgres, PostgresServer } from '../support/servers/postgres-server.js';

const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false, cacheSecret: 'a secret of sixteen bytes' } as const;

describe.skipIf(!hasPostgres)('a cache in PostgreSQL', () => {
  let server: PostgresServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await PostgresServer.start();
    pool = new Pool({ connectionString: server.url, max: 4 });
    pool.on('error', () => {});
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await server.dispose();
  });

  it('gives back the bytes that were put, and creates its table with the first of them', async () => {
    const cache = postgresCache({ pool, schema: 'first' });
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at);
    expect(await cache.get('a')).toBeUndefined();
    await cache.delete('a');
    await cache.clear?.();
    await Promise.all(Array.from({ length: 8 }, (_, at) => cache.put(`k${at}`, bytes)));
    await cache.put('a', bytes);
    expect(Buffer.from((await cache.get('a')) as Uint8Array).equals(bytes)).toBe(true);
    await cache.put('a', Uint8Array.of(1));
    expect([...((await cache.get('a')) as Uint8Array)]).toEqual([1]);
    await cache.delete('a');
    expect(await cache.get('a')).toBeUndefined();
    await cache.clear?.();
    expect(await cache.get('k1')).toBeUndefined();
  });

  it('gives nothing that has expired, and deletes it', async () => {
    const cache = postgresCache({ pool, schema: 'second' });
    await cache.put('old', Uint8Array.of(1));
    await pool.query(`UPDATE second.compiled_handlers SET expires_at = now() - interval '1 second'`);
    expect(await cache.get('old')).toBeUndefined();
    for (let at = 0; at < 100; at++) await cache.put('new', Uint8Array.of(2));
    expect((await pool.query('SELECT key FROM second.compiled_handlers')).rows).toEqual([{ key: 'new' }]);
  });

  it('serves several runtimes, and one runs on when the server is stopped', async () => {
    const remoteCache = postgresCache({ pool, timeoutMs: 5_000 });
    const first = await createRuntime({ ...OPTIONS, remoteCache });
    await first.executeHandler('return "shared"');
    await first.shutdown();
    await using second = await createRuntime({ ...OPTIONS, remoteCache });
    expect((await second.executeHandler('return "shared"')).metrics.cacheTier).toBe('remote');
    await server.stop();
    expect((await second.executeHandler('return "alone"')).returnValue).toBe('alone');
    await server.restart();
  });

  it('refuses what is no pool and no schema, by name', () => {
    expect(() => postgresCache({ pool: {} as never })).toThrow(/pool is .*must be a Pool of pg/);
    expect(() => postgresCache({ pool, schema: 'a"; DROP' })).toThrow(/schema is .*letters, digits and _/);
  });
});
