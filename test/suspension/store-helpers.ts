import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SettledState, StoredSuspension, SuspensionOutcome, SuspensionStore } from '#src/api/suspension-store.js';
import { FileStore } from '#src/suspension/file-store/file-store.js';
import { MemoryStore } from '#src/suspension/memory-store.js';

/** What a kind of store is tested with. */
export interface StoreHarness {
  /** Views of one store, empty at first, as that many processes have them. */
  open(views: number): SuspensionStore[];
  dispose(): Promise<void>;
}

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

/** An id whose run has a name. */
export function idOf(run: string, generation = 1): string {
  return `${createHash('md5').update(run).digest('base64url')}.${generation}`;
}

export function makeSuspension(id: string, { content = 'first', expiresAtMs = 10_000 } = {}): StoredSuspension {
  const envelope = createHash('sha512').update(`${id} ${content}`).digest();
  return {
    id,
    envelope,
    createdAtMs: 1_000,
    expiresAtMs,
    info: { handlerName: `handler of ${content}`, calls: ['a.b'] },
  };
}

export function makeOutcome(state: SettledState, content = 'outcome', keepUntilMs = 20_000): SuspensionOutcome {
  return { state, content: Buffer.from(content), settledAtMs: 2_000, keepUntilMs };
}

/** Bytes compare by content, whichever class they have. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
