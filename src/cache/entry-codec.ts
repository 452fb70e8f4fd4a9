import { copyOfMap } from '../source/source-map/stored-map.js';
import { asShared } from '../support/bytes/shared-bytes.js';
import { ArtifactError } from './artifact.js';
import type { CacheEntry } from './cache-entry.js';
import { openInSlices, sealInSlices } from './sliced-artifact.js';

export interface EntryCodecOptions {
  /** The fingerprint that all sealed entries must have. */
  readonly engine: string;
  /** The first secret seals, and all of them open; none for a seal that only detects damage. */
  readonly secrets: readonly Uint8Array[];
  readonly maxSourceBytes: number;
}

/** Converts entries to sealed bytes and back. Large ones take many turns of the event loop. */
export class EntryCodec {
  readonly #options: EntryCodecOptions;

  constructor(options: EntryCodecOptions) {
    this.#options = options;
  }

  seal({ key, namespace, filename, source, sourceMap, entries, content }: CacheEntry): Promise<Uint8Array> {
    const { engine, secrets } = this.#options;
    const header = { key, namespace, filename, source, engine, ...(entries !== undefined && { entries }) };
    return sealInSlices(header, content, secrets[0], sourceMap);
  }

  /** @throws ArtifactError naming the check that failed; `'key'` if it is the content of another entry */
  async open(key: string, sealed: Uint8Array): Promise<CacheEntry> {
    const { header, content, sourceMap } = await openInSlices(sealed, this.#options);
    if (header.key !== key) throw new ArtifactError('key', `belongs under key ${header.key}`);
    const { namespace, filename, source, entries } = header;
    const entry = {
      key,
      namespace,
      filename,
      source,
      content: asShared(content),
      ...(sourceMap && { sourceMap: copyOfMap(sourceMap) }),
    };
    return entries === undefined ? entry : { ...entry, entries };
  }
}
