import { ArtifactError, openArtifact, sealArtifact } from '../compiler/artifact.js';
import type { CacheEntry } from '../contract/cache-entry.js';
import { toShared } from '../contract/shared-bytes.js';

/** How entries become bytes that may leave the process, and how they are let in again. */
export class EntryCodec {
  readonly #engine: string;
  readonly #secrets: readonly Uint8Array[];

  /**
   * @param engine fingerprint that everything sealed carries and must carry
   * @param secrets the first seals, all of them open; none for a seal that detects damage only
   */
  constructor(engine: string, secrets: readonly Uint8Array[]) {
    this.#engine = engine;
    this.#secrets = secrets;
  }

  seal({ key, namespace, filename, source, content }: CacheEntry): Uint8Array {
    return sealArtifact({ key, namespace, filename, source, engine: this.#engine }, content, this.#secrets[0]);
  }

  /** @throws ArtifactError naming the check that failed; `'key'` when it is another entry's content */
  open(key: string, sealed: Uint8Array): CacheEntry {
    const { header, content } = openArtifact(sealed, this.#engine, this.#secrets);
    if (header.key !== key) throw new ArtifactError('key', `belongs under key ${header.key}`);
    const { namespace, filename, source } = header;
    return { key, namespace, filename, source, content: toShared(content) };
  }
}
