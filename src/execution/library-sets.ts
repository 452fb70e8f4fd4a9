import { NexusError } from '../errors/nexus-error.js';
import type { LibrarySet } from '../protocol/library-set.js';

/** The library sets of the builds that this runtime has loaded. */
export class LibrarySets {
  readonly #sets = new Map<string, LibrarySet>();

  /** One object for one set, so that a batch of requests has it once. */
  add(set: LibrarySet): LibrarySet {
    const known = this.#sets.get(set.id);
    if (known !== undefined) return known;
    this.#sets.set(set.id, set);
    return set;
  }

  /** Undefined if it is not loaded. */
  get(id: string): LibrarySet | undefined {
    return this.#sets.get(id);
  }

  /**
   * @param id of a suspended handler
   * @throws NexusError SUSPENSION_INCOMPATIBLE
   */
  require(id: string | undefined): LibrarySet | undefined {
    if (id === undefined) return undefined;
    const known = this.#sets.get(id);
    if (known !== undefined) return known;
    throw new NexusError(
      'SUSPENSION_INCOMPATIBLE',
      `The handler was suspended with the libraries ${id.slice(0, 16)}… of a build that this runtime has not loaded. Load its manifest first (runtime.load), then resume it.`,
      { context: { librarySet: id } },
    );
  }
}
