// Sends the results of a question to `run.mjs`, which started it.
const tables = [];

export function record(table) {
  tables.push(table);
}

// Only at the end: a question that fails half-way has no results.
process.once('beforeExit', () => process.send?.(tables));

/** Ends a question that would not end by itself, because a client or a peer keeps its process. */
export async function end() {
  if (process.send !== undefined) await new Promise((resolve) => process.send(tables, resolve));
  process.exit();
}
