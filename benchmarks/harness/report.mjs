// Sends the results of a question to `run.mjs`, which started it.
const tables = [];

export function record(table) {
  tables.push(table);
}

// Only at the end: a question that fails half-way has no results.
process.once('beforeExit', () => process.send?.(tables));

/** Ends a question whose clients keep connections open: it would not end by itself, and its results would not be sent. */
export function end() {
  if (process.send === undefined) process.exit();
  process.send(tables, () => process.exit());
}
