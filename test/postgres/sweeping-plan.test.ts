import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PostgresSuspensionStore } from '#src/postgres/index.js';
import { pglitePool } from './postgres-helpers.js';

const ROWS = 2_000;
const LIMIT = 10;
let db: PGlite;

/** Rows of a table that a query, and what came shortly before it, have read; it is undone. */
async function rowsRead(query: string, table: string): Promise<number> {
  let read = -1;
  await db.transaction(async (transaction) => {
    await transaction.query(query);
    const { rows } = await transaction.query<{ read: string }>(
      'SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relname = $1',
      [table],
    );
    read = Number(rows[0]?.read);
    await transaction.rollback();
  });
  return read;
}

beforeAll(async () => {
  db = await PGlite.create();
  await PostgresSuspensionStore.migrate(pglitePool(db));
  const valuesOf = (kind: string) => `left(md5('${kind}' || i), 22), 1, 0, 1000000 + i, 'a', ''`;
  await db.exec(`
    INSERT INTO nexus.waiting (run_id, generation, created_at, expires_at, deployment, info, envelope, envelope_bytes, last_seq, seen_seq,
        mail_bytes, mail_count, consumed_count)
      SELECT ${valuesOf('waiting')}, '', 0, 0, 0, 0, 0, 0 FROM generate_series(1, ${ROWS}) i;
    INSERT INTO nexus.outcomes (run_id, generation, created_at, keep_until, deployment, info, content, envelope_bytes, expires_at, settled_at,
        state)
      SELECT ${valuesOf('outcome')}, '', 0, 0, 0, 'completed' FROM generate_series(1, ${ROWS}) i;
    ANALYZE;
    -- As the planner does among very many: a join would read the whole table.
    SET enable_nestloop = off;
  `);
}, 60_000);
afterAll(() => db.close());

describe('a sweep among many', () => {
  it.each([
    ['expire_suspensions', 'waiting'],
    ['forget_outcomes', 'outcomes'],
  ])('of %s reads no more than it deals with, and not the whole table %s', async (name, table) => {
    const sweep = (now: number) => `SELECT nexus.${name}(${now}, ${LIMIT})`;
    const { rows } = await db.query<{ count: string }>(`SELECT count(*) FROM (${sweep(2_000_000)}) swept`);
    expect(Number(rows[0]?.count)).toBe(LIMIT);
    expect(await rowsRead(sweep(2_000_000), table)).toBeLessThanOrEqual(10 * LIMIT);
  });
});
