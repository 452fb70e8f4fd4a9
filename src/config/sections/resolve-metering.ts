import type { MeteringOptions } from '../../api/observing/usage.js';
import type { Quota } from '../../api/quota.js';
import { describe, integer, invalidOption, type Keys, rejectUnknownKeys, requireObject } from '../check.js';

const METERING_KEYS: Keys<MeteringOptions> = { maxTenants: true, maxHandlers: true };
/** An account has some 150 bytes. */
const MAX_ACCOUNTS = 1_000_000;

/**
 * @returns false if usage is not added up
 * @throws NexusError INVALID_CONFIG
 */
export function resolveMetering(metering: unknown = true): false | MeteringOptions {
  if (typeof metering === 'boolean') return metering ? {} : false;
  requireObject('metering', metering);
  rejectUnknownKeys(metering, Object.keys(METERING_KEYS), 'metering.');
  for (const [name, value] of Object.entries(metering)) {
    integer(`metering.${name}`, value, 1, { min: 1, max: MAX_ACCOUNTS });
  }
  return metering;
}

/** @throws NexusError INVALID_CONFIG */
export function resolveQuota(quota: Quota | undefined): Quota | undefined {
  if (quota === undefined || (typeof quota?.begin === 'function' && typeof quota.end === 'function')) return quota;
  throw invalidOption('quota', describe(quota), 'a Quota, for example memoryQuota(…)');
}
