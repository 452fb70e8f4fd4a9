import { opendir } from 'node:fs/promises';

import { withDescriptor } from './descriptors.js';

/** Names are read so many at a time: between two reads the event loop is free. */
const NAMES_AT_ONCE = 256;

/**
 * The names in a directory, in no order, a batch at a time. However many there are, no batch holds the thread for long, and only one of
 * them is in memory.
 *
 * @throws what the system throws
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
