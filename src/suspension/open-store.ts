import type { SuspensionStore } from '../api/suspension-store.js';
import type { SuspensionConfig } from '../config/resolve-suspension.js';
import { FileStore } from './file-store/file-store.js';
import { MemoryStore } from './memory-store/memory-store.js';
import type { KeptSize, KeptTraits, KnownVersions } from './room/kept.js';
import { countListed } from './room/list-census.js';

/** A listing reads everything from a database. */
const LISTING_EVERY_MS = 10 * 60 * 1000;
/** The share of outcomes in memory: they take memory of the process, so only as many as are useful. */
const MEMORY_OUTCOME_SHARE = 1 / 8;

/** Determines what other processes keep in the same store. */
export interface StoreCensus {
  readonly everyMs: number;
  /** Reports the size of each suspension in the store, in batches. */
  count(known: KnownVersions, tell: (sizes: readonly KeptSize[]) => void): Promise<void>;
}

/** A store, with the information that is needed to count its content. */
export interface OpenedStore {
  readonly store: SuspensionStore;
  /** Closes it, unless the application made it. */
  close(): Promise<void>;
  readonly traits: KeptTraits;
  readonly outcomeShare: number;
  /** Absent if no other process uses the store. */
  readonly census?: StoreCensus;
}

/**
 * Creates the store that the options specify. Opens nothing yet.
 *
 * @param maxDataBytes the limit of an envelope and an outcome together
 */
export function openStore(place: SuspensionConfig['place'], maxDataBytes: number): OpenedStore {
  if (place === 'memory') {
    const traits = { retainsEnvelopes: false, forgets: true };
    const store = new MemoryStore();
    return { store, close: () => store.close(), traits, outcomeShare: MEMORY_OUTCOME_SHARE };
  }
  if ('directory' in place) {
    const store = new FileStore(place.directory, maxDataBytes);
    const traits = { retainsEnvelopes: true, forgets: true };
    const count: StoreCensus['count'] = (known, tell) => store.count(known, tell);
    return { store, close: () => store.close(), traits, outcomeShare: 1, census: { everyMs: 0, count } };
  }
  const { store } = place;
  const traits = { retainsEnvelopes: false, forgets: store.forget !== undefined };
  const census = {
    everyMs: LISTING_EVERY_MS,
    count: (_known: KnownVersions, tell: (sizes: readonly KeptSize[]) => void) => countListed(store, tell),
  };
  return { store, close: async () => {}, traits, outcomeShare: 1, census };
}
