import type { SuspensionStore } from '../api/suspension-store.js';
import type { SuspensionConfig } from '../config/resolve-suspension.js';
import { FileStore } from './file-store/file-store.js';
import type { KeptSize, KeptTraits, KnownVersions } from './kept.js';
import { countListed } from './list-census.js';
import { MemoryStore } from './memory-store.js';

/** A listing asks a database for all that it has. */
const LISTING_EVERY_MS = 10 * 60 * 1000;
/** Of outcomes in memory: as many as are of use, in a process whose memory they take. */
const MEMORY_OUTCOME_SHARE = 1 / 8;

/** How to find out what others keep in the same store. */
export interface StoreCensus {
  readonly everyMs: number;
  /** Tells what each suspension in the store takes, some at a time. */
  count(known: KnownVersions, tell: (sizes: readonly KeptSize[]) => void): Promise<void>;
}

/** A store, and what has to be known of it to count what it keeps. */
export interface OpenedStore {
  readonly store: SuspensionStore;
  readonly traits: KeptTraits;
  readonly outcomeShare: number;
  /** Absent when nobody else has it. */
  readonly census?: StoreCensus;
}

/**
 * The store that the options ask for. Opens nothing yet.
 *
 * @param maxDataBytes of an envelope and an outcome together
 */
export function openStore(place: SuspensionConfig['place'], maxDataBytes: number): OpenedStore {
  if (place === 'memory') {
    const traits = { retainsEnvelopes: false, forgets: true };
    return { store: new MemoryStore(), traits, outcomeShare: MEMORY_OUTCOME_SHARE };
  }
  if ('directory' in place) {
    const store = new FileStore(place.directory, maxDataBytes);
    const traits = { retainsEnvelopes: true, forgets: true };
    return { store, traits, outcomeShare: 1, census: { everyMs: 0, count: (known, tell) => store.count(known, tell) } };
  }
  const { store } = place;
  const traits = { retainsEnvelopes: false, forgets: store.forget !== undefined };
  const census = {
    everyMs: LISTING_EVERY_MS,
    count: (_known: KnownVersions, tell: (sizes: readonly KeptSize[]) => void) => countListed(store, tell),
  };
  return { store, traits, outcomeShare: 1, census };
}
