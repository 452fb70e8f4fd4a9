import type { RemoteCache } from '../api/remote-cache.js';
import { describe, integer, invalidOption, requireObject } from './check.js';

const METHODS = ['get', 'put', 'delete', 'close'] as const;
const MAX_WAIT_MS = 60_000;
const MAX_ENTRY_BYTES = 32 * 1024 * 1024;

/** @throws NexusError INVALID_CONFIG naming what is missing */
export function resolveRemoteCache(
  given: RemoteCache | undefined,
  cacheSecrets: readonly Uint8Array[],
): RemoteCache | undefined {
  if (given === undefined) return undefined;
  requireObject('remoteCache', given);
  const missing = METHODS.find((name) => typeof given[name] !== 'function');
  if (missing !== undefined) throw invalidOption('remoteCache', `a cache without ${missing}()`, 'a RemoteCache');
  if (given.clear !== undefined && typeof given.clear !== 'function')
    throw invalidOption('remoteCache.clear', describe(given.clear), 'a function, or absent');
  integer('remoteCache.timeoutMs', given.timeoutMs, 1, { min: 1, max: MAX_WAIT_MS });
  integer('remoteCache.maxEntryBytes', given.maxEntryBytes, 0, { min: 0, max: MAX_ENTRY_BYTES });
  if (cacheSecrets.length === 0) {
    const expected =
      'absent without a cacheSecret: whoever can write to a shared cache could run code in the guest. ' +
      'Give cacheSecret, at least 16 bytes and the same for all who share the cache';
    throw invalidOption('remoteCache', 'a cache', expected);
  }
  return given;
}
