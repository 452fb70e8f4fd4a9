import type { Isolation } from '../api/options.js';

/**
 * Who may see what an execution leaves in the memory of a VM, were there a hole in the engine through which it can be seen. Handlers of one
 * owner may run in a VM that was put back; between owners it is wiped.
 */
export class Tenancy {
  readonly #isolation: Isolation;
  #tenant: string | undefined;
  #key: string | undefined;
  /** Of the two. perf: strings that are put together are compared slowly. */
  #owner = '';

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  /**
   * @param tenant that the call names
   * @param key of the handler
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

/** Who has what is made of a handler alone. */
export function handlerOwner(key: string): string {
  return `handler ${key}`;
}

function nameOf(tenant: string | undefined, key: string, isolation: Isolation): string {
  if (tenant !== undefined) return `tenant ${tenant}`;
  return isolation === 'shared' ? 'shared' : handlerOwner(key);
}
