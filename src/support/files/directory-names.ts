import { opendir } from 'node:fs/promises';

import { withDescriptor } from './descriptors.js';

/** The number of names that are read at a time; in between, the event loop is free. */
const NAMES_AT_ONCE = 256;

/**
 * Lists the names in a directory in batches, in no particular order. No batch blocks the thread for long, and
 * only one of them is in memory.
 *
 * @throws system errors
 */
export async function* namesIn(directory: string): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  const entries = await withDescriptor(() => opendir(directory, { bufferSize: NAMES_AT_ONCE }));
  for await (const { name } of entries) {
    batch.push(name);
    if (batch.length < NAMES_AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
