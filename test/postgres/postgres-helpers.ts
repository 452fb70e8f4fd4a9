import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

import { type PoolLike, PostgresSuspensionStore } from '#src/postgres/index.js';
import type { StoreHarness } from '#src/testing/store/index.js';

const TABLES = ['waiting', 'outcomes', 'messages', 'consumed', 'images'];

/** The same database in this process, for a machine without a server. */
export function pglitePool(db: PGlite): PoolLike {
  return {
    async query(text, values) {
      // Several statements at once are sent without parameters.
      if (values === undefined) return { rows: (await db.exec(text)).at(-1)?.rows ?? [] };
      return db.query(text, values);
    },
  };
}

/** Harnesses over one schema: each test finds it empty. A view has a connection of its own. */
export async function harnessesOf(
  pools: () => PoolLike,
): Promise<{ readonly makeHarness: () => StoreHarness; readonly pool: PoolLike }> {
  const known: PoolLike[] = [];
  const poolOf = (index: number) => {
    known[index] ??= pools();
    return known[index];
  };
  await PostgresSuspensionStore.migrate(poolOf(0));
  const makeHarness = () => {
    const stores: PostgresSuspensionStore[] = [];
    return {
      open(views: number) {
        const opened = Array.from(
          { length: views },
          (_, index) => new PostgresSuspensionStore({ pool: poolOf(stores.length + index) }),
        );
        stores.push(...opened);
        return opened;
      },
      async dispose() {
        for (const store of stores) await store.close();
        await poolOf(0).query(TABLES.map((table) => `DELETE FROM nexus.${table}`).join(';'));
      },
    };
  };
  return { makeHarness, pool: poolOf(0) };
}

/** Pools of one connection each. */
export function connections(url: string): { readonly make: () => pg.Pool; end(): Promise<void> } {
  const pools: pg.Pool[] = [];
  return {
    make() {
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      pools.push(pool);
      return pool;
    },
    async end() {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}
