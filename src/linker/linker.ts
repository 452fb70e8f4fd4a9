import { LRUCache } from 'lru-cache';
import { importing, type SourceShape } from '../source/forms/source-shape.js';
import { Semaphore } from '../support/semaphore.js';
import { performance } from '../support/timers.js';
import type { LinkOutcome } from './bundle-handler.js';
import type { LinkerConfig } from './linker-config.js';

/** The bundler has threads of its own. */
const LINKS_AT_ONCE = 4;
const MEMO_ENTRIES = 10_000;
const MEMO_CHARACTERS = 32 * 1024 * 1024;
/** What cannot be linked may be mended on the disk. */
const ERROR_TTL_MS = 30_000;

/** The bundler's process gets the source, and returns it: that of a longer one would hold this thread. */
const MAX_CHARACTERS = 1024 * 1024;

interface Link {
  readonly outcome: Promise<LinkOutcome>;
  /** From then on it is linked again. */
  staleAt: number;
  /** What the outcome holds, apart from the source. */
  characters: number;
}

/** Bundles handlers with what they import, each once. */
export class Linker {
  readonly #config: LinkerConfig;
  readonly #libraries: readonly string[];
  readonly #shape: SourceShape;
  readonly #turns = new Semaphore(LINKS_AT_ONCE);
  readonly #links = new LRUCache<string, Link>({
    max: MEMO_ENTRIES,
    maxSize: MEMO_CHARACTERS,
    sizeCalculation: ({ characters }, key) => key.length + 1 + characters,
  });

  constructor(config: LinkerConfig) {
    this.#config = config;
    this.#libraries = config.libraries.names;
    this.#shape = importing(this.#libraries);
  }

  /** The shape of a source that may import libraries of the image. */
  shapeOf(shape: SourceShape | undefined): SourceShape {
    return shape === undefined ? this.#shape : { ...shape, imports: this.#libraries };
  }

  /** What was linked before, or is being linked. */
  known(source: string, filename: string): Promise<LinkOutcome> | undefined {
    const known = this.#links.get(nameOf(source, filename));
    return known !== undefined && known.staleAt > performance.now() ? known.outcome : undefined;
  }

  /**
   * Links a source that imports more than libraries of the image.
   *
   * @throws NexusError INVALID_CONFIG if there is no bundler
   */
  link(source: string, filename: string): Promise<LinkOutcome> {
    const underWay = this.known(source, filename);
    if (underWay !== undefined) return underWay;
    if (source.length > MAX_CHARACTERS) return Promise.resolve(tooLong(source.length));
    const key = nameOf(source, filename);
    const outcome = this.#turns.take(() => this.#bundle(source, filename));
    const link: Link = { outcome, staleAt: Number.POSITIVE_INFINITY, characters: 0 };
    this.#links.set(key, link);
    outcome.then(
      (linked) => {
        if (!linked.ok) link.staleAt = performance.now() + ERROR_TTL_MS;
        else link.characters = linked.source.length + linked.sourceMapBytes;
        if (!linked.ok || this.#links.peek(key) !== link) return;
        // It is counted when it is set.
        this.#links.delete(key);
        this.#links.set(key, link);
      },
      () => {
        if (this.#links.peek(key) === link) this.#links.delete(key);
      },
    );
    return outcome;
  }

  async #bundle(source: string, filename: string): Promise<LinkOutcome> {
    // Most runtimes never bundle.
    const { bundleHandler } = await import('./bundle-handler.js');
    return bundleHandler(source, filename, this.#config);
  }

  /** Files are read again. */
  clear(): void {
    this.#links.clear();
  }
}

function tooLong(characters: number): LinkOutcome {
  const message = `A handler that imports files or parts of packages may have ${MAX_CHARACTERS} characters, and this one has ${characters}. Move a part of it into a file that it imports.`;
  return {
    ok: false,
    error: { code: 'INVALID_HANDLER', message, context: { limit: 'characters', value: MAX_CHARACTERS, characters } },
  };
}

/** No name of a file has a NUL. */
function nameOf(source: string, filename: string): string {
  return `${filename}\0${source}`;
}
