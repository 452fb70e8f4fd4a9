import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { checkStoreModel, describeStore, type StoreHarness } from '#src/testing/store/index.js';
import { POSTGRES, titleOf } from '../support/servers/installed.mjs';
import { startPostgres } from '../support/servers/postgres.mjs';
import { connections, harnessesOf, pglitePool } from './postgres-helpers.js';

/** For the long form: `NEXUS_MODEL_SEQUENCES=10000`. */
const LONG = Number(process.env['NEXUS_MODEL_SEQUENCES'] ?? 0);

interface Prepared {
  readonly makeHarness: () => StoreHarness;
  end(): Promise<void>;
}

async function onPglite(): Promise<Prepared> {
  const db = await PGlite.create();
  const pool = pglitePool(db);
  const { makeHarness } = await harnessesOf(() => pool);
  return { makeHarness, end: () => db.close() };
}

async function onServer(): Promise<Prepared> {
  const server = await startPostgres();
  const pools = connections(server.url);
  const { makeHarness } = await harnessesOf(pools.make);
  return {
    makeHarness,
    async end() {
      await pools.end();
      await server.stop();
    },
  };
}

for (const [title, prepare, isLeftOut] of [
  ['the store of PostgreSQL, on PGlite', onPglite, false],
  [titleOf('the store of PostgreSQL, on a server', POSTGRES, 'PostgreSQL'), onServer, POSTGRES === undefined],
] as const) {
  describe.skipIf(isLeftOut)(title, () => {
    let prepared: Prepared;
    beforeAll(async () => {
      prepared = await prepare();
    }, 120_000);
    afterAll(() => prepared?.end());

    describeStore('the contract', () => prepared.makeHarness(), { describe, expect, it });

    it('answers as the model does, whatever several owners do one after the other', async () => {
      await checkStoreModel(() => prepared.makeHarness(), { sequences: LONG || 60 });
    }, 3_600_000);

    it('answers owners at the same time as if they had come in some order', async () => {
      await checkStoreModel(() => prepared.makeHarness(), { sequences: LONG || 60, concurrent: true });
    }, 3_600_000);
  });
}
