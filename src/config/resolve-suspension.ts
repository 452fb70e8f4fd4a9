import type { SuspensionOptions } from '../api/options.js';
import type { StoredImages, SuspensionStore } from '../api/suspension-store.js';
import { count, describe, invalidOption, type Keys, rejectUnknownKeys, requireObject } from './check.js';
import * as defaults from './defaults.js';
import { readNumber } from './read-option.js';
import { resolveSecrets } from './resolve-secrets.js';

export interface SuspensionConfig {
  /** A directory, a store of the application, or the memory of the process. */
  readonly place: { readonly directory: string } | { readonly store: SuspensionStore } | 'memory';
  /** The first secret seals, and all of them open. */
  readonly secrets: readonly Uint8Array[];
  readonly ttlMs: number;
  readonly leaseMs: number;
  readonly outcomeRetentionMs: number;
  readonly sweepMs: number;
  readonly maxBytes: number;
  /** The most handlers that wait in the store. */
  readonly maxSuspensions: StoreBound;
  /** The most bytes of these handlers and of recorded outcomes. */
  readonly maxSuspendedBytes: StoreBound;
}

/** How much a store may keep, in total and for each named tenant. */
export interface StoreBound {
  readonly total: number;
  readonly perTenant: number;
}

/** A store may have them. */
const OPTIONAL_METHODS = ['forget', 'open', 'time'] as const;
/** And this, which is no method. */
const IMAGE_METHODS = ['put', 'get', 'list', 'delete'] as const satisfies readonly (keyof StoredImages)[];

const STORE_METHODS: Keys<Omit<SuspensionStore, 'images' | (typeof OPTIONAL_METHODS)[number]>> = {
  key: true,
  put: true,
  read: true,
  claim: true,
  renew: true,
  release: true,
  settle: true,
  list: true,
  sweep: true,
  current: true,
  post: true,
  due: true,
  erase: true,
  messages: true,
  close: true,
};

/** @throws NexusError INVALID_CONFIG */
export function resolveSuspension(options: SuspensionOptions): SuspensionConfig {
  const place = resolvePlace(options);
  const most = place === 'memory' ? defaults.DEFAULT_KEPT_IN_MEMORY : defaults.DEFAULT_KEPT_IN_STORE;
  return Object.freeze({
    place,
    secrets: resolveSecrets('suspensionSecret', options.suspensionSecret),
    ttlMs: readNumber('suspensionTtlMs', options),
    leaseMs: readNumber('leaseMs', options),
    outcomeRetentionMs: readNumber('outcomeRetentionMs', options),
    sweepMs: readNumber('suspensionSweepMs', options),
    maxBytes: readNumber('maxSuspensionBytes', options),
    maxSuspensions: resolveBound('maxSuspensions', options.maxSuspensions, most.suspensions),
    maxSuspendedBytes: resolveBound('maxSuspendedBytes', options.maxSuspendedBytes, most.bytes),
  });
}

/** A number is the total of all tenants. */
function resolveBound(option: string, given: SuspensionOptions['maxSuspensions'], most: number): StoreBound {
  if (typeof given !== 'object') return boundOf(count(option, given, most), undefined);
  requireObject(option, given);
  rejectUnknownKeys(given, ['total', 'perTenant'], `${option}.`);
  const perTenant = given.perTenant === undefined ? undefined : count(`${option}.perTenant`, given.perTenant, 0);
  const total = count(`${option}.total`, given.total, Math.max(most, perTenant ?? 0));
  if (perTenant !== undefined && perTenant > total) {
    throw invalidOption(`${option}.perTenant`, perTenant, `at most ${option}.total, which is ${total}`);
  }
  return boundOf(total, perTenant);
}

function boundOf(total: number, perTenant = defaults.defaultKeptPerTenant(total)): StoreBound {
  return Object.freeze({ total, perTenant });
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
    for (const name of OPTIONAL_METHODS) {
      const method = suspensionStore[name];
      if (method === undefined || typeof method === 'function') continue;
      throw invalidOption(`suspensionStore.${name}`, describe(method), 'a function, or absent');
    }
    requireImages(suspensionStore.images);
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

function requireImages(images: StoredImages | undefined): void {
  if (images === undefined) return;
  requireObject('suspensionStore.images', images);
  const missing = IMAGE_METHODS.find((name) => typeof images[name] !== 'function');
  if (missing !== undefined) {
    throw invalidOption('suspensionStore.images', `an object without ${missing}()`, 'StoredImages, or absent');
  }
}
