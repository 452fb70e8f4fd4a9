import { asShared } from '../support/shared-bytes.js';
import { ArtifactError } from './artifact.js';
import type { CacheEntry } from './cache-entry.js';
import { openInSlices, sealInSlices } from './sliced-artifact.js';

export interface EntryCodecOptions {
  /** Fingerprint that everything sealed carries and must carry. */
  readonly engine: string;
  /** The first seals, all of them open; none for a seal that detects damage only. */
  readonly secrets: readonly Uint8Array[];
  readonly maxSourceBytes: number;
}

/** How entries become bytes that may leave the process, and how they are let in again. Large ones take many turns of the event loop. */
export class EntryCodec {
  readonly #options: EntryCodecOptions;

  constructor(options: EntryCodecOptions) {
    this.#options = options;
  }

  seal({ key, namespace, filename, source, content }: CacheEntry): Promise<Uint8Array> {
    const { engine, secrets } = this.#options;
    return sealInSlices({ key, namespace, filename, source, engine }, content, secrets[0]);
  }

  /** @throws ArtifactError naming the check that failed; `'key'` when it is another entry's content */
  async open(key: string, sealed: Uint8Array): Promise<CacheEntry> {
    const { header, content } = await openInSlices(sealed, this.#options);
    if (header.key !== key) throw new ArtifactError('key', `belongs under key ${header.key}`);
    const { namespace, filename, source } = header;
    return { key, namespace, filename, source, content: asShared(content) };
  }
}
