import type { SuspensionConfig } from '../config/resolve-suspension.js';
import type { SuspensionStore } from '../config/suspension-store.js';
import { FileStore } from './file-store.js';
import { MemoryStore } from './memory-store.js';

/** The store that the options ask for. Opens nothing yet. */
export function openStore(place: SuspensionConfig['place']): SuspensionStore {
  if (place === 'memory') return new MemoryStore();
  return 'store' in place ? place.store : new FileStore(place.directory);
}
