import { CACHE_TIERS, type CacheTierName } from '../api/observing/execution-metrics.js';
import type { RemoteCache } from '../api/remote-cache.js';
import { invalidArgument } from '../config/check.js';
import { checkShape } from '../execution/request/execute-options.js';

/**
 * Checks which tiers of the cache the caller selected.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function checkTiers(
  tiers: { readonly [tier in CacheTierName]?: unknown },
  remoteCache: RemoteCache | undefined,
): void {
  checkShape('tiers', tiers, { memory: true, disk: true, remote: true });
  for (const tier of CACHE_TIERS) {
    const isMeant = tiers[tier];
    if (isMeant === undefined || typeof isMeant === 'boolean') continue;
    throw invalidArgument(`tiers.${tier}`, isMeant, 'true or false');
  }
  if (tiers.remote !== true || typeof remoteCache?.clear === 'function') return;
  throw invalidArgument('tiers.remote', true, 'absent: there is no remoteCache with a method clear()');
}
