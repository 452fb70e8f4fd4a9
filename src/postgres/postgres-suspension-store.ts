import { randomBytes } from 'node:crypto';

import type {
  ClaimAnswer,
  DueSuspension,
  FoundSuspension,
  PostAnswer,
  SettleAnswer,
  StoredImages,
  StoredMessage,
  StoredSuspension,
  StoreUser,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionStore,
  SuspensionSummary,
  SuspensionSweep,
  SweepOptions,
} from '../api/suspension-store.js';
import { rejectUnknownKeys, requireObject } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { parseSuspensionId, runIdOf } from '../support/run-ids.js';
import {
  checkDue,
  checkFence,
  checkFirst,
  checkKnown,
  checkLease,
  checkMessage,
  checkPage,
  checkSettlement,
  checkSweep,
  checkTime,
  checkWake,
} from '../suspension/check.js';
import { unusable } from '../suspension/server/failures.js';
import { Operations } from '../suspension/server/operations.js';
import { foreignSecret, knownSecretIds, requireSecret } from '../suspension/server/secrets.js';
import { fromServerText, toServerText } from '../suspension/server/text.js';
import { within } from '../suspension/server/within.js';
import { alreadyThere } from '../suspension/views.js';
import { explain, migrate } from './access.js';
import type { PoolLike } from './pool.js';
import { PostgresImages } from './postgres-images.js';
import {
  type AnswerRow,
  claimAnswerOf,
  foundOf,
  idOf,
  outcomeOf,
  ownersOf,
  placeOf,
  type SummaryRow,
  summaryOf,
  valuesOf,
} from './rows.js';
import { MIGRATIONS, SCHEMA_VERSION } from './schema.js';
import { otherVersion, requirePool, requireSchema, requireServer, versionOf } from './server.js';
import { SERVER, type Statements, statementsOf } from './statements.js';

const KEY_BYTES = 32;
/** A statement of a sweep takes some 10 ms for as many. */
const SWEPT_AT_ONCE = 500;
/** Each is on a page of its own, and may have to be read from a disk. */
const LISTED_AT_ONCE = 200;

// biome-ignore lint/suspicious/noExplicitAny: the types of rows follow from the text of the statement
type AnyRow = any;

/** It was rolled back, so that others could go on. */
const CHOSEN_AS_VICTIM = new Set(['40001', '40P01']);
const MAX_ATTEMPTS = 5;

/** Options of a {@link PostgresSuspensionStore}. */
export interface PostgresStoreOptions {
  /** A `Pool` of `pg`. It remains the application's own: the store does not end it. Four connections are enough for a process. */
  readonly pool: PoolLike;
  /** The schema that has the tables, one for each application: a lower-case letter or `_`, then letters, digits and `_`. @default `nexus` */
  readonly schema?: string;
}

/**
 * Suspended handlers in PostgreSQL 13 or later, shared by any number of processes. What it acknowledged is committed. Each operation is one
 * statement on a connection of the pool, and works through PgBouncer in transaction mode.
 *
 * @example
 * import pg from 'pg';
 * import { createRuntime } from 'nexus-runtime';
 * import { PostgresSuspensionStore } from 'nexus-runtime/postgres';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
 * await PostgresSuspensionStore.migrate(pool);
 * const suspensionStore = new PostgresSuspensionStore({ pool });
 * const runtime = await createRuntime({ suspensionStore, suspensionSecret: process.env.SUSPENSION_SECRET });
 */
export class PostgresSuspensionStore implements SuspensionStore {
  readonly #pool: PoolLike;
  readonly #schema: string;
  readonly #sql: Statements;
  readonly #operations: Operations;
  readonly images: StoredImages;

  /** @throws NexusError INVALID_CONFIG */
  constructor(options: PostgresStoreOptions) {
    requireObject('options of PostgresSuspensionStore', options);
    rejectUnknownKeys(options, ['pool', 'schema'], '');
    this.#pool = requirePool(options.pool);
    this.#schema = requireSchema(options.schema);
    this.#sql = statementsOf(`"${this.#schema}"`);
    this.#operations = new Operations(
      () => this.#checkServer(),
      (error) => explain(error, this.#schema),
    );
    this.images = new PostgresImages(this.#sql, this.#operations, (text, values) => this.#query(text, values));
  }

  /**
   * Creates the tables and functions, or brings those of an earlier version up to date. It may be repeated, and several processes may call it
   * at once. The user of the pool must be allowed to create a schema, or own it.
   *
   * @throws NexusError INVALID_CONFIG if the schema is of a later version than this library
   *
   * @example await PostgresSuspensionStore.migrate(pool, { schema: 'shop' });
   */
  static async migrate(pool: PoolLike, options: { readonly schema?: string } = {}): Promise<void> {
    requireObject('options of migrate', options);
    rejectUnknownKeys(options, ['schema'], '');
    const name = requireSchema(options.schema);
    const quoted = `"${name}"`;
    try {
      const { rows } = await requirePool(pool).query(SERVER, [`${quoted}.meta`]);
      requireServer(rows[0]);
      const before = rows[0].has_tables ? await versionOf(pool, quoted) : 0;
      if (before > SCHEMA_VERSION) throw otherVersion(name, before);
      // Without parameters, and so one transaction.
      const lock = `SELECT pg_advisory_xact_lock(hashtextextended('nexus-runtime ${name}', 0));`;
      const key = randomBytes(KEY_BYTES).toString('hex');
      const steps = MIGRATIONS.slice(before).map((step) => step(quoted));
      const note = `INSERT INTO ${quoted}.meta (id, version, key) VALUES (1, ${SCHEMA_VERSION}, '\\x${key}')
        ON CONFLICT (id) DO UPDATE SET version = greatest(meta.version, excluded.version);`;
      if (before < SCHEMA_VERSION) await pool.query([lock, ...steps, note].join('\n'));
    } catch (error) {
      throw error instanceof NexusError ? error : explain(error, name);
    }
  }

  async open(user: StoreUser): Promise<void> {
    requireSecret(user);
    await this.#operations.run(async () => {
      for (;;) {
        const [row] = await this.#rows(this.#sql.meta);
        const before = String(row.secret_ids);
        const known = knownSecretIds(before === '' ? [] : before.split(','), user);
        if (known === undefined) throw foreignSecret(`schema "${this.#schema}"`, 'schema');
        const after = known.join(',');
        // Another process may have changed it between the two.
        if (after === before || (await this.#rows(this.#sql.setSecretIds, [after, before])).length > 0) return;
      }
    });
  }

  async key(): Promise<Uint8Array> {
    const [row] = await this.#query(this.#sql.key);
    return row.key;
  }

  async put(suspension: StoredSuspension): Promise<void> {
    this.#operations.requireOpen();
    checkFirst(suspension);
    const { id } = suspension;
    const [created, expires, tenant, due, ...rest] = valuesOf(suspension);
    const values = [runIdOf(id), created, expires, tenant, due, ...rest];
    const [row] = await this.#query(this.#sql.put, values);
    if (!row.is_there) throw alreadyThere(id);
  }

  async read(id: string): Promise<FoundSuspension | undefined> {
    const [row] = await this.#ofId(id, this.#sql.read);
    return row && foundOf(row);
  }

  async claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer> {
    this.#operations.requireOpen();
    checkLease(lease);
    checkTime('nowMs', nowMs);
    return claimAnswerOf(await this.#ofId(id, this.#sql.claim, [toServerText(lease.owner), lease.leaseUntilMs, nowMs]));
  }

  async renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean> {
    this.#operations.requireOpen();
    checkFence(fence);
    checkTime('leaseUntilMs', leaseUntilMs);
    return (await this.#ofId(id, this.#sql.renew, [fenceOf(fence), leaseUntilMs])).length > 0;
  }

  async release(id: string, fence: number, next?: { readonly dueAtMs?: number }): Promise<boolean> {
    this.#operations.requireOpen();
    checkFence(fence);
    checkWake(next);
    const released =
      next === undefined
        ? await this.#ofId(id, this.#sql.release, [fenceOf(fence)])
        : await this.#ofId(id, this.#sql.releaseUntil, [fenceOf(fence), next.dueAtMs ?? null]);
    return released.length > 0;
  }

  async settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
    consumed: readonly string[] = [],
  ): Promise<SettleAnswer> {
    this.#operations.requireOpen();
    checkSettlement(id, fence, outcome, next, consumed);
    const { state, content, settledAtMs, keepUntilMs } = outcome;
    const taken = JSON.stringify(consumed.map(toServerText));
    const given = fence === undefined ? null : fenceOf(fence);
    const values = [given, state, content, settledAtMs, keepUntilMs, taken, ...valuesOf(next)];
    const [row] = await this.#ofId<AnswerRow>(id, this.#sql.settle, values);
    if (row === undefined) return { kind: 'unknown' };
    if (row.o_kind === 'settled') return { kind: 'settled', outcome: outcomeOf(row) };
    return { kind: row.o_kind as 'recorded' | 'fenced' };
  }

  async current(runId: string): Promise<FoundSuspension | undefined> {
    const [row] = await this.#ofRun(runId, this.#sql.current);
    return row && foundOf(row);
  }

  async post(runId: string, message: StoredMessage): Promise<PostAnswer> {
    this.#operations.requireOpen();
    checkMessage(message);
    const [row] = await this.#ofRun(runId, this.#sql.post, [toServerText(message.id), message.content]);
    return row?.answer ?? 'unknown';
  }

  async messages(runId: string, known: readonly string[] = []): Promise<readonly StoredMessage[]> {
    checkKnown(known);
    const rows = await this.#ofRun(runId, this.#sql.messages, [JSON.stringify(known.map(toServerText))]);
    return rows.map((row) => ({ id: fromServerText(row.message_id), content: row.content }));
  }

  async due(
    nowMs: number,
    options: { readonly limit: number; readonly deployment?: string },
  ): Promise<readonly DueSuspension[]> {
    this.#operations.requireOpen();
    checkDue(nowMs, options);
    const { limit, deployment } = options;
    const rows =
      deployment === undefined
        ? await this.#query(this.#sql.dueOfAll, [nowMs, limit])
        : await this.#query(this.#sql.due, [nowMs, limit, deployment]);
    return rows.map((row) => ({ id: row.id, ...ownersOf(row) }));
  }

  async list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    this.#operations.requireOpen();
    checkPage(options);
    const { limit, states, tenant, deployment } = options;
    const filter = [states?.join(',') ?? null, tenant === undefined ? null : toServerText(tenant), deployment ?? null];
    const suspensions: SuspensionSummary[] = [];
    let after = toServerText(options.after ?? '');
    for (let left = limit; left > 0; ) {
      const most = Math.min(left, LISTED_AT_ONCE);
      const rows = await this.#query<SummaryRow>(this.#sql.list, [...placeOf(after), most + 1, ...filter]);
      const page = rows.slice(0, most);
      for (const row of page) if (row.is_shown) suspensions.push(summaryOf(row));
      const last = page.at(-1);
      if (rows.length <= most || last === undefined) return { suspensions, unreadable: [] };
      after = idOf(last);
      left -= most;
    }
    return { suspensions, unreadable: [], next: after };
  }

  async sweep(nowMs: number, options: SweepOptions = {}): Promise<SuspensionSweep> {
    this.#operations.requireOpen();
    checkSweep(nowMs, options);
    const { limit = Number.POSITIVE_INFINITY } = options;
    const expired = await this.#inBatches(this.#sql.expire, nowMs, limit);
    const forgottenIds = await this.#inBatches(this.#sql.forgetKept, nowMs, limit - expired.length);
    const forgotten = forgottenIds.length;
    const isFull = expired.length + forgotten >= limit;
    return { expired, forgotten, ...(forgotten > 0 && { forgottenIds }), unreadable: [], ...(isFull && { next: '' }) };
  }

  async forget(ids: readonly string[]): Promise<void> {
    this.#operations.requireOpen();
    const known = ids.filter((id) => parseSuspensionId(id) !== undefined);
    for (let from = 0; from < known.length; from += SWEPT_AT_ONCE) {
      await this.#query(this.#sql.forget, [JSON.stringify(known.slice(from, from + SWEPT_AT_ONCE))]);
    }
  }

  async erase(runIds: readonly string[]): Promise<void> {
    this.#operations.requireOpen();
    const known = runIds.filter((runId) => parseSuspensionId(`${runId}.1`) !== undefined);
    for (let from = 0; from < known.length; from += SWEPT_AT_ONCE) {
      await this.#query(this.#sql.erase, [JSON.stringify(known.slice(from, from + SWEPT_AT_ONCE))]);
    }
  }

  async time(): Promise<number> {
    const [row] = await this.#query(this.#sql.time);
    return Number(row.now_ms);
  }

  /** Waits for pending operations. The pool stays open. */
  async close(): Promise<void> {
    await this.#operations.close();
  }

  /** Ids that a statement dealt with, some at a time, so that no transaction is long. */
  async #inBatches(text: string, nowMs: number, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (;;) {
      const most = Math.min(SWEPT_AT_ONCE, limit - ids.length);
      if (most === 0) return ids;
      const rows = await this.#query<{ readonly id: string }>(text, [nowMs, most]);
      for (const { id } of rows) ids.push(id);
      if (rows.length < most) return ids;
    }
  }

  /** A malformed id counts as unknown. */
  #ofId<Row = AnyRow>(id: string, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    this.#operations.requireOpen();
    const parsed = parseSuspensionId(id);
    if (parsed === undefined) return Promise.resolve([]);
    return this.#query(text, [parsed.runId, parsed.generation, ...values]);
  }

  #ofRun<Row = AnyRow>(runId: string, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    this.#operations.requireOpen();
    if (parseSuspensionId(`${runId}.1`) === undefined) return Promise.resolve([]);
    return this.#query(text, [runId, ...values]);
  }

  #query<Row = AnyRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return this.#operations.run(() => this.#rows(text, values));
  }

  async #rows<Row = AnyRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#pool.query(text, values && [...values])).rows;
      } catch (error) {
        if (!CHOSEN_AS_VICTIM.has((error as { code?: string }).code ?? '') || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** @throws NexusError INVALID_CONFIG */
  async #checkServer(): Promise<void> {
    const quoted = `"${this.#schema}"`;
    const asked = this.#pool.query(SERVER, [`${quoted}.meta`]);
    const [server] = (
      await within(asked, 'PostgreSQL', 'Look whether host and port in the connectionString are right.')
    ).rows;
    requireServer(server);
    if (!server.has_tables)
      throw unusable(`there are no tables in the schema "${this.#schema}"`, migrate(this.#schema));
    const version = await versionOf(this.#pool, quoted);
    if (version !== SCHEMA_VERSION) throw otherVersion(this.#schema, version);
  }
}

/** What no claim has given, the server must not be asked about as a number that it does not have. */
function fenceOf(fence: number): number {
  return Math.min(fence, 2 ** 31 - 1);
}
