// Sends the results of a question to `run.mjs`, which started it.
const tables = [];

export function record(table) {
  tables.push(table);
}

let isSent = false;

/** For a question that ends itself, because a peer keeps its process. */
export async function sendResults() {
  if (isSent || process.send === undefined) return;
  isSent = true;
  await new Promise((resolve) => process.send(tables, resolve));
}

// Only at the end: a question that fails half-way has no results.
process.once('beforeExit', sendResults);
