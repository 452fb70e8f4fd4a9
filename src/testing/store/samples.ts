import { createHash } from 'node:crypto';

import type { SettledState, StoredSuspension, SuspensionOutcome } from '../../api/suspension-store.js';

export const NOW = 2_000;
export const LEASE = { owner: 'one', leaseUntilMs: 3_000 };

/** An id whose run has a name. */
export function idOf(run: string, generation = 1): string {
  return `${createHash('md5').update(run).digest('base64url')}.${generation}`;
}

/** The run of an id. */
export function runOf(id: string): string {
  return id.slice(0, id.indexOf('.'));
}

export function makeSuspension(id: string, { content = 'first', expiresAtMs = 10_000 } = {}): StoredSuspension {
  const envelope = createHash('sha512').update(`${id} ${content}`).digest();
  const info = { handlerName: `handler of ${content}`, calls: ['a.b'] };
  return { id, envelope, createdAtMs: 1_000, expiresAtMs, info };
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
