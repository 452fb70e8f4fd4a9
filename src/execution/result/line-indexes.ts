import { LineIndex, SourceLines } from '../../source/source-lines.js';

/** The lines of a shorter source are counted again for every error: that takes some 0.1 ms. */
const KEPT_FROM_CHARACTERS = 64 * 1024;
/** An index has 8 KB for a source of 16 MiB. */
const MAX_KEPT = 256;

/** The handler an index is of. A key names a source, but one that was left out has the key, too. */
interface KeyedSource {
  readonly key: string;
  readonly source: string;
}

/**
 * Where the lines of long sources are, counted once per handler and not at every error. Bounded; it holds no source.
 */
export class LineIndexes {
  /** The most recently used last. */
  readonly #kept = new Map<string, LineIndex>();

  /** The lines of a handler, so that its errors can be located without reading its source again. Undefined when it is short. */
  of({ key, source }: KeyedSource): Promise<SourceLines> | undefined {
    if (source.length < KEPT_FROM_CHARACTERS) return undefined;
    return this.#prepare(`${source.length}:${key}`, source);
  }

  async #prepare(name: string, source: string): Promise<SourceLines> {
    const index = this.#kept.get(name) ?? new LineIndex();
    this.#kept.delete(name);
    this.#kept.set(name, index);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const lines = new SourceLines(source, index);
    await lines.prepare();
    return lines;
  }
}
