import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileStore } from '#src/suspension/file-store/file-store.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import type { StoreHarness } from '#src/testing/store/index.js';

export { idOf, makeOutcome, makeSuspension, plain } from '#src/testing/store/samples.js';

export function memoryHarness(): StoreHarness {
  const store = new MemoryStore();
  return { open: (views) => Array.from({ length: views }, () => store), dispose: () => store.close() };
}

export function fileHarness(): StoreHarness & { readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-suspension-'));
  const opened: FileStore[] = [];
  return {
    directory,
    open(views) {
      const stores = Array.from({ length: views }, () => new FileStore(directory));
      opened.push(...stores);
      return stores;
    },
    async dispose() {
      for (const store of opened) await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const HARNESSES: readonly (readonly [string, () => StoreHarness])[] = [
  ['the memory store', memoryHarness],
  ['the file store', fileHarness],
];
