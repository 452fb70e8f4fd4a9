import { LineIndex } from '../../source/line-index.js';
import { SourceLines } from '../../source/source-lines.js';

/** The lines of a shorter source are counted for every error, which takes some 0.1 ms. */
const KEPT_FROM_CHARACTERS = 64 * 1024;
/** An index takes 24 KB for a source of 16 MiB. */
const MAX_KEPT = 256;

/** The handler of an index. If the source was left out, the handler still has the key. */
interface KeyedSource {
  readonly key: string;
  readonly source: string;
}

/**
 * The line starts of long sources, counted once per handler instead of at every error. The number is bounded;
 * no source is kept.
 */
export class LineIndexes {
  /** Ordered by last use. */
  readonly #kept = new Map<string, LineIndex>();

  /**
   * The lines of a handler, so that its errors can be located without reading its source again. Undefined if
   * it is short.
   */
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
