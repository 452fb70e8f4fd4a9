import type { StoredImage, StoredImages } from '../api/suspension-store.js';
import { checkImage, isImageId } from '../suspension/check.js';
import type { Operations } from '../suspension/server/operations.js';
import type { Statements } from './statements.js';

// biome-ignore lint/suspicious/noExplicitAny: the types of rows follow from the text of the query
type Query = (text: string, values?: readonly unknown[]) => Promise<readonly any[]>;

/** Base images in PostgreSQL. */
export class PostgresImages implements StoredImages {
  readonly #sql: Statements;
  readonly #operations: Operations;
  readonly #query: Query;

  constructor(sql: Statements, operations: Operations, query: Query) {
    this.#sql = sql;
    this.#operations = operations;
    this.#query = query;
  }

  async put(id: string, content: Uint8Array, nowMs: number): Promise<void> {
    this.#operations.requireOpen();
    checkImage(id, content, nowMs);
    await this.#query(this.#sql.putImage, [id, content, nowMs]);
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    this.#operations.requireOpen();
    if (!isImageId(id)) return undefined;
    const [row] = await this.#query(this.#sql.getImage, [id]);
    return row?.content;
  }

  async list(): Promise<readonly StoredImage[]> {
    const rows = await this.#query(this.#sql.listImages);
    return rows.map(({ id, bytes, put_at }) => ({ id, bytes, putAtMs: Number(put_at) }));
  }

  async delete(id: string, putAtMs: number): Promise<boolean> {
    this.#operations.requireOpen();
    if (!isImageId(id) || !Number.isSafeInteger(putAtMs)) return false;
    return (await this.#query(this.#sql.deleteImage, [id, putAtMs])).length > 0;
  }
}
