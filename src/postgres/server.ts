import { describe } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { unusable } from '../suspension/server/failures.js';
import { migrate } from './access.js';
import type { PoolLike } from './pool.js';
import { SCHEMA_VERSION } from './schema.js';
import { statementsOf } from './statements.js';

const DEFAULT_SCHEMA = 'nexus';
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;
/** What `FOR UPDATE SKIP LOCKED` and sorts of what is partly sorted need. */
const LEAST_SERVER = 130_000;

export function requirePool(pool: unknown): PoolLike {
  if (typeof (pool as PoolLike | undefined)?.query === 'function') return pool as PoolLike;
  throw new NexusError(
    'INVALID_CONFIG',
    `pool is ${describe(pool)}; it must be a Pool of pg: \`new pg.Pool({ … })\`.`,
    {
      context: { option: 'pool' },
    },
  );
}

export function requireSchema(schema: unknown = DEFAULT_SCHEMA): string {
  if (typeof schema === 'string' && SCHEMA.test(schema)) return schema;
  const expected = 'up to 63 lower-case letters, digits and _, not a digit first';
  throw new NexusError('INVALID_CONFIG', `schema is ${describe(schema)}; it must be ${expected}.`, {
    context: { option: 'schema', expected },
  });
}

/** @throws NexusError INVALID_CONFIG */
export function requireServer(server: {
  readonly version: number;
  readonly is_replica: boolean;
  readonly is_read_only: boolean;
  readonly isolation: string;
}): void {
  const { version, is_replica, is_read_only, isolation } = server;
  if (version < LEAST_SERVER) {
    throw unusable(`PostgreSQL is of version ${Math.floor(version / 10_000)}`, 'Use version 13 or later.');
  }
  if (is_replica || is_read_only) {
    const what = is_replica ? 'the server is a read-only replica' : 'the connections of the pool are read-only';
    const remedy = is_replica
      ? 'Point the pool at the primary.'
      : 'Take default_transaction_read_only from the user and the pool.';
    throw unusable(what, remedy);
  }
  if (isolation !== 'read committed') {
    const remedy =
      'Leave default_transaction_isolation at "read committed" for this pool: each operation takes a lock on its run.';
    throw unusable(`transactions of the pool are "${isolation}"`, remedy);
  }
}

export async function versionOf(pool: PoolLike, quoted: string): Promise<number> {
  const { rows } = await pool.query(statementsOf(quoted).meta);
  return rows[0]?.version ?? 0;
}

export function otherVersion(schema: string, version: number): NexusError {
  const is = `the schema "${schema}" is of version ${version}, and this library has version ${SCHEMA_VERSION}`;
  const remedy =
    version > SCHEMA_VERSION
      ? 'A later release of nexus-runtime has migrated it: install that one here, too.'
      : migrate(schema);
  return unusable(is, remedy);
}
