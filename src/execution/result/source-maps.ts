import { LRUCache } from 'lru-cache';
import type { SourceMap } from '../../source/source-map/source-map.js';
import { openStoredMap, type StoredSourceMap } from '../../source/source-map/stored-map.js';

/** Of the maps that stay open. A handler that fails, fails again. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
/** What the marks in a map take besides its JSON, at most. */
const MARKS_SHARE = 1.25;

interface Kept {
  readonly map: SourceMap | undefined;
  readonly bytes: number;
}

/** Opens source maps when errors are described, and keeps some open. */
export class SourceMaps {
  /** By digest. A map that does not open is remembered as well. */
  readonly #kept = new LRUCache<string, Kept>({ maxSize: MAX_KEPT_BYTES, sizeCalculation: ({ bytes }) => bytes });
  readonly #opening = new Map<string, Promise<SourceMap | undefined>>();

  /** Undefined for a map that is damaged or broken. */
  async open(stored: StoredSourceMap): Promise<SourceMap | undefined> {
    const { digest } = stored;
    const kept = this.#kept.get(digest);
    if (kept !== undefined) return kept.map;
    const opening = this.#opening.get(digest) ?? this.#open(stored).finally(() => this.#opening.delete(digest));
    this.#opening.set(digest, opening);
    return opening;
  }

  async #open(stored: StoredSourceMap): Promise<SourceMap | undefined> {
    const map = await openStoredMap(stored);
    this.#kept.set(stored.digest, { map, bytes: Math.ceil((map?.bytes ?? 1) * MARKS_SHARE) });
    return map;
  }
}
