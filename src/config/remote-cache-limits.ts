import { integer } from './check.js';

/** Options that remote caches have in common. */
export interface RemoteCacheLimits {
  /** How long an entry is kept after it was written, in milliseconds. @default 604,800,000 (7 days) */
  readonly ttlMs?: number;
  /** Larger entries are not written; at most 32 MiB. @default 4 MiB */
  readonly maxEntryBytes?: number;
  /** How long a handler waits for an entry before it is compiled, in milliseconds. @default 50 */
  readonly timeoutMs?: number;
}

export const REMOTE_CACHE_KEYS = ['ttlMs', 'maxEntryBytes', 'timeoutMs'] as const;

const DAY_MS = 24 * 60 * 60 * 1000;
const MIB = 1024 * 1024;
const MAX_TTL_MS = 3650 * DAY_MS;

/** @throws NexusError INVALID_CONFIG naming the option */
export function readRemoteCacheLimits(options: RemoteCacheLimits): Required<RemoteCacheLimits> {
  return {
    ttlMs: integer('ttlMs', options.ttlMs, 7 * DAY_MS, { min: 1_000, max: MAX_TTL_MS }),
    maxEntryBytes: integer('maxEntryBytes', options.maxEntryBytes, 4 * MIB, { min: 1, max: 32 * MIB }),
    timeoutMs: integer('timeoutMs', options.timeoutMs, 50, { min: 1, max: 60_000 }),
  };
}
