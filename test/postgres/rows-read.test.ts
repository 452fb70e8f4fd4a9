import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type PoolLike, PostgresSuspensionStore } from '#src/postgres/index.js';
import { POSTGRES, titleOf } from '../support/servers/installed.mjs';
import { startPostgres } from '../support/servers/postgres.mjs';
import { pglitePool } from './postgres-helpers.js';

const RUNS = 20_000;
/** Of one run among them. */
const GENERATIONS = 5_000;
const LONG_RUN = `m${'0'.repeat(21)}`;
const NOW = 1_000_000;
const LATER = 10 * NOW;

const runIds = (prefix: string) => `'${prefix}' || substr(md5('${prefix}' || i), 1, 21)`;
/** Rows as the store writes them: as many that wait as have ended, half of them past their times. */
const FILL = `
  INSERT INTO nexus.waiting (run_id, generation, envelope_bytes, created_at, expires_at, stored_due_at, due_at, wake_at, last_seq, seen_seq,
      mail_bytes, mail_count, consumed_count, deployment, info, envelope)
    SELECT ${runIds('w')}, 1, 8, 1, ${NOW} * (1 + i % 2) - i % 2, ${LATER} + i, ${LATER} + i, ${LATER} + i, 0, 0, 0, 0, 0,
      CASE WHEN i % 100 = 0 THEN 'rare' ELSE 'common' END, '\\x80', '\\x00' FROM generate_series(1, ${RUNS}) i;
  INSERT INTO nexus.outcomes (run_id, generation, envelope_bytes, created_at, expires_at, settled_at, keep_until, state, deployment, info, content)
    SELECT ${runIds('e')}, 1, 8, 1, ${NOW}, 1, ${NOW} * (1 + i % 2) - i % 2, 'completed', 'common', '\\x80', '\\x00'
      FROM generate_series(1, ${RUNS}) i;
  INSERT INTO nexus.outcomes (run_id, generation, envelope_bytes, created_at, expires_at, settled_at, keep_until, state, deployment, info, content)
    SELECT '${LONG_RUN}', i, 8, 1, ${LATER}, 1, ${LATER}, 'continued', 'common', '\\x80', '\\x00'
      FROM generate_series(1, ${GENERATIONS}) i;
  ANALYZE nexus.waiting; ANALYZE nexus.outcomes`;
const ROWS_READ = `SELECT coalesce(sum(seq_tup_read), 0)::integer AS scanned, coalesce(sum(idx_tup_fetch), 0)::integer AS fetched
  FROM pg_stat_xact_user_tables WHERE schemaname = 'nexus' AND relname IN ('waiting', 'outcomes')`;

interface Prepared {
  /** Of one connection, for transactions. */
  readonly pool: PoolLike;
  end(): Promise<void>;
}

async function onPglite(): Promise<Prepared> {
  const db = await PGlite.create();
  return { pool: pglitePool(db), end: () => db.close() };
}

async function onServer(): Promise<Prepared> {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 1 });
  return {
    pool,
    async end() {
      await pool.end();
      await server.stop();
    },
  };
}

for (const [title, prepare, isLeftOut] of [
  ['rows that the store reads, on PGlite', onPglite, false],
  [titleOf('rows that the store reads, on a server', POSTGRES, 'PostgreSQL'), onServer, POSTGRES === undefined],
] as const) {
  describe.skipIf(isLeftOut)(title, () => {
    let prepared: Prepared;
    let store: PostgresSuspensionStore;
    beforeAll(async () => {
      prepared = await prepare();
      await PostgresSuspensionStore.migrate(prepared.pool);
      await prepared.pool.query(FILL);
      store = new PostgresSuspensionStore({ pool: prepared.pool });
    }, 120_000);
    afterAll(async () => {
      await store?.close();
      await prepared?.end();
    });

    const rowsRead = async () => (await prepared.pool.query(ROWS_READ)).rows[0];

    /** What an operation reads. It is undone. */
    async function reading(
      run: () => Promise<unknown>,
    ): Promise<{ readonly scanned: number; readonly fetched: number }> {
      await prepared.pool.query('BEGIN');
      try {
        // Transactions before this one may be among what is counted.
        const before = await rowsRead();
        await run();
        const after = await rowsRead();
        return { scanned: after.scanned - before.scanned, fetched: after.fetched - before.fetched };
      } finally {
        await prepared.pool.query('ROLLBACK');
      }
    }

    it.each([
      ['a listing', 1_000, () => store.list({ limit: 1_000 })],
      [
        'a listing of a deployment',
        1_000,
        () => store.list({ limit: 1_000, deployment: 'rare', states: ['suspended'] }),
      ],
      ['a listing amid the steps of a run', 1_000, () => store.list({ limit: 1_000, after: `${LONG_RUN}.30` })],
      [
        'a listing after the steps of a run',
        1_000,
        () => store.list({ limit: 1_000, after: LONG_RUN.replace('m', 'n') }),
      ],
      ['what is due of a deployment', 100, () => store.due(LATER + RUNS, { limit: 100, deployment: 'rare' })],
      ['what is due of all', 100, () => store.due(LATER + RUNS, { limit: 100 })],
      ['what is due, if nothing is', 1, () => store.due(NOW, { limit: 100 })],
      ['a sweep', 100, () => store.sweep(NOW, { limit: 100 })],
      ['a sweep that has nothing to do', 1, () => store.sweep(1)],
      ['forgetting what was kept', 500, async () => (await store.sweep(NOW, { limit: RUNS / 2 + 100 })).forgotten],
    ])('%s reads what it deals with, and not the whole tables', async (name, dealtWith, run) => {
      const { scanned, fetched } = await reading(run);
      expect(scanned).toBe(0);
      if (name === 'forgetting what was kept') return;
      // A row may be looked at, locked and changed.
      expect(fetched).toBeLessThanOrEqual(6 * dealtWith);
    });

    it('a listing in batches has each once, in order', async () => {
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.list({ limit: 3_333, ...(after !== undefined && { after }) });
        for (const { id } of page.suspensions) ids.push(id);
        after = page.next;
      } while (after !== undefined);
      expect(ids).toHaveLength(2 * RUNS + GENERATIONS);
      expect(ids).toEqual([...new Set(ids)].sort());
    });

    it.each([
      '',
      'm',
      LONG_RUN,
      `${LONG_RUN}.`,
      `${LONG_RUN}.30`,
      `${LONG_RUN}-`,
      `${LONG_RUN}5`,
      `${LONG_RUN}.30x`,
    ])('a listing may begin after any text: %j', async (after) => {
      const { suspensions } = await store.list({ limit: 3, after });
      const { rows } = await prepared.pool.query(
        `SELECT id FROM (SELECT run_id || '.' || generation AS id FROM nexus.waiting
            UNION ALL SELECT run_id || '.' || generation FROM nexus.outcomes) both_tables
            WHERE id COLLATE "C" > $1 ORDER BY id COLLATE "C" LIMIT 3`,
        [after],
      );
      expect(suspensions.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    });
  });
}
