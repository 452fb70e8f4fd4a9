// The rules of each tenant, in SQLite. Rows are checked like anything else that comes from outside.
import initSqlJs, { type Database } from 'sql.js';
import { z } from 'zod';

const row = z.object({
  source: z.string(),
  version: z.number(),
  /** Granted when the rule was published. */
  capabilities: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
});
export type StoredRule = z.output<typeof row>;

const TABLES = `
  CREATE TABLE IF NOT EXISTS rules (
    tenant TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    source TEXT NOT NULL, capabilities TEXT NOT NULL,
    PRIMARY KEY (tenant, name, version)
  );
  CREATE TABLE IF NOT EXISTS orders (tenant TEXT NOT NULL, customer TEXT NOT NULL);
`;

export class RuleStore {
  readonly #database: Database;

  static async open(): Promise<RuleStore> {
    const { Database } = await initSqlJs();
    return new RuleStore(new Database());
  }

  private constructor(database: Database) {
    this.#database = database;
    database.run(TABLES);
  }

  /** @returns its version, from 1 */
  publish(tenant: string, name: string, source: string, capabilities: readonly string[]): number {
    const version = (this.latest(tenant, name)?.version ?? 0) + 1;
    const values = [tenant, name, version, source, JSON.stringify(capabilities)];
    this.#database.run(
      'INSERT INTO rules (tenant, name, version, source, capabilities) VALUES (?, ?, ?, ?, ?)',
      values,
    );
    return version;
  }

  latest(tenant: string, name: string): StoredRule | undefined {
    const sql =
      'SELECT source, version, capabilities FROM rules WHERE tenant = ? AND name = ? ORDER BY version DESC LIMIT 1';
    return this.#rows(sql, [tenant, name]).map((one) => row.parse(one))[0];
  }

  addOrder(tenant: string, customer: string): void {
    this.#database.run('INSERT INTO orders (tenant, customer) VALUES (?, ?)', [tenant, customer]);
  }

  countOrders(tenant: string, customer: string): number {
    const rows = this.#rows('SELECT count(*) AS count FROM orders WHERE tenant = ? AND customer = ?', [
      tenant,
      customer,
    ]);
    return z.tuple([z.object({ count: z.number() })]).parse(rows)[0].count;
  }

  close(): void {
    this.#database.close();
  }

  #rows(sql: string, values: string[]): unknown[] {
    const statement = this.#database.prepare(sql);
    try {
      const rows: unknown[] = [];
      statement.bind(values);
      while (statement.step()) rows.push(statement.getAsObject());
      return rows;
    } finally {
      statement.free();
    }
  }
}
