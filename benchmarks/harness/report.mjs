// Sends the results of a question to `run.mjs`, which started it.
const tables = [];

export function record(table) {
  tables.push(table);
}

// Only at the end: a question that fails half-way has no results.
process.once('beforeExit', () => process.send?.(tables));
