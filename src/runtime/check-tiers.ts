import { invalidArgument } from '../config/check.js';
import { checkShape } from '../execution/request/execute-options.js';

/**
 * Checks which tiers of the cache the caller selected.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function checkTiers(tiers: { readonly memory?: unknown; readonly disk?: unknown }): void {
  checkShape('tiers', tiers, { memory: true, disk: true });
  for (const tier of ['memory', 'disk'] as const) {
    const isMeant = tiers[tier];
    if (isMeant === undefined || typeof isMeant === 'boolean') continue;
    throw invalidArgument(`tiers.${tier}`, isMeant, 'true or false');
  }
}
