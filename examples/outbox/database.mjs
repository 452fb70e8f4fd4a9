// SQLite in WebAssembly, in one file. What is committed is written whole, or not at all: with a driver that has files of its own, such as
// better-sqlite3, `transaction` is its own.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import initSqlJs from 'sql.js';

const TABLES = `
  create table if not exists told (key text primary key);
  create table if not exists state (name text primary key, value text not null);
  create table if not exists outbox (id integer primary key, name text not null, payload text not null);
`;

export async function openDatabase(path) {
  const { Database } = await initSqlJs();
  const bytes = readOrNothing(path);
  const database = bytes === undefined ? new Database() : new Database(bytes);
  database.run(TABLES);
  return {
    /** All of it, or nothing. */
    transaction(change) {
      database.run('begin');
      try {
        change((sql, values) => {
          database.run(sql, values);
          return database.getRowsModified();
        });
        database.run('commit');
      } catch (error) {
        database.run('rollback');
        throw error;
      }
      writeFileSync(`${path}.new`, database.export(), { flush: true });
      renameSync(`${path}.new`, path);
    },
    rows: (sql) => database.exec(sql)[0]?.values ?? [],
  };
}

function readOrNothing(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
