import type { Isolation } from '../api/options.js';

/**
 * Who may see the data that an execution leaves in the memory of a VM, if a vulnerability of the engine
 * exposes it. Handlers of one owner may run in a VM that was only restored; between owners it is wiped.
 */
export class Tenancy {
  readonly #isolation: Isolation;
  #tenant: string | undefined;
  #key: string | undefined;
  /** The owner of these two. perf: concatenated strings are slow to compare. */
  #owner = '';

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  /**
   * @param tenant the tenant that the call names
   * @param key the key of the handler
   */
  ownerOf(tenant: string | undefined, key: string): string {
    if (tenant !== this.#tenant || key !== this.#key) {
      this.#tenant = tenant;
      this.#key = key;
      this.#owner = nameOf(tenant, key, this.#isolation);
    }
    return this.#owner;
  }
}

/** The owner of data that is derived from a handler alone. */
export function handlerOwner(key: string): string {
  return `handler ${key}`;
}

function nameOf(tenant: string | undefined, key: string, isolation: Isolation): string {
  if (tenant !== undefined) return `tenant ${tenant}`;
  return isolation === 'shared' ? 'shared' : handlerOwner(key);
}
