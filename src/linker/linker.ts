import { LRUCache } from 'lru-cache';
import { importing, type SourceShape } from '../source/forms/source-shape.js';
import { Semaphore } from '../support/semaphore.js';
import { performance } from '../support/timers.js';
import { bundleHandler, type LinkOutcome } from './bundle-handler.js';
import type { LinkerConfig } from './linker-config.js';

/** The bundler has threads of its own. */
const LINKS_AT_ONCE = 4;
const MEMO_ENTRIES = 10_000;
const MEMO_CHARACTERS = 32 * 1024 * 1024;
/** What cannot be linked may be mended on the disk. */
const ERROR_TTL_MS = 30_000;

interface Link {
  readonly outcome: Promise<LinkOutcome>;
  /** From then on it is linked again. */
  staleAt: number;
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
    sizeCalculation: (_link, key) => key.length + 1,
  });

  constructor(config: LinkerConfig) {
    this.#config = config;
    this.#libraries = [...config.libraries].sort();
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
    const key = nameOf(source, filename);
    const outcome = this.#turns.take(() => bundleHandler(source, filename, this.#config));
    const link: Link = { outcome, staleAt: Number.POSITIVE_INFINITY };
    this.#links.set(key, link);
    outcome.then(
      (linked) => {
        if (!linked.ok) link.staleAt = performance.now() + ERROR_TTL_MS;
      },
      () => {
        if (this.#links.peek(key) === link) this.#links.delete(key);
      },
    );
    return outcome;
  }

  /** Files are read again. */
  clear(): void {
    this.#links.clear();
  }
}

/** No name of a file has a NUL. */
function nameOf(source: string, filename: string): string {
  return `${filename}\0${source}`;
}
