import { count, describe, integer, invalidOption, type Keys, requireObject } from './check.js';
import * as defaults from './defaults.js';
import type { SuspensionOptions } from './options.js';
import { resolveSecrets } from './resolve-secrets.js';
import type { SuspensionStore } from './suspension-store.js';

const GIB = 1024 ** 3;
const TEN_YEARS_MS = 3652 * 24 * 60 * 60 * 1000;

export interface SuspensionConfig {
  /** A directory, a store that was given, or the memory of the process. */
  readonly place: { readonly directory: string } | { readonly store: SuspensionStore } | 'memory';
  /** The first seals, all of them open. */
  readonly secrets: readonly Uint8Array[];
  readonly ttlMs: number;
  readonly maxBytes: number;
}

export const SUSPENSION_KEYS: Keys<SuspensionOptions> = {
  suspensionDir: true,
  suspensionStore: true,
  suspensionSecret: true,
  suspensionTtlMs: true,
  maxSuspensionBytes: true,
};

const STORE_METHODS: Keys<SuspensionStore> = {
  key: true,
  put: true,
  read: true,
  claim: true,
  renew: true,
  release: true,
  settle: true,
  list: true,
  sweep: true,
  close: true,
};

/** @throws NexusError INVALID_CONFIG */
export function resolveSuspension(options: SuspensionOptions): SuspensionConfig {
  return Object.freeze({
    place: resolvePlace(options),
    secrets: resolveSecrets('suspensionSecret', options.suspensionSecret),
    ttlMs: integer('suspensionTtlMs', options.suspensionTtlMs, defaults.DEFAULT_SUSPENSION_TTL_MS, {
      min: 1,
      max: TEN_YEARS_MS,
    }),
    maxBytes: count('maxSuspensionBytes', options.maxSuspensionBytes, defaults.DEFAULT_MAX_SUSPENSION_BYTES, GIB),
  });
}

function resolvePlace({ suspensionDir, suspensionStore }: SuspensionOptions): SuspensionConfig['place'] {
  if (suspensionStore !== undefined) {
    if (suspensionDir !== undefined) {
      throw invalidOption('suspensionStore', describe(suspensionStore), 'absent where there is a suspensionDir');
    }
    requireObject('suspensionStore', suspensionStore);
    const missing = Object.keys(STORE_METHODS).find(
      (name) => typeof suspensionStore[name as keyof SuspensionStore] !== 'function',
    );
    if (missing !== undefined) {
      throw invalidOption('suspensionStore', `a store without ${missing}()`, 'a SuspensionStore');
    }
    return { store: suspensionStore };
  }
  if (suspensionDir === undefined) return 'memory';
  if (typeof suspensionDir !== 'string' || suspensionDir === '') {
    throw invalidOption('suspensionDir', suspensionDir, 'a path');
  }
  return { directory: suspensionDir };
}
