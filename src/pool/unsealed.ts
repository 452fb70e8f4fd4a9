import type { TenantKey } from './job.js';

const MIB = 1024 ** 2;

/**
 * How many bytes may wait to be sealed before no more executions are started: in total, and for one named
 * tenant.
 */
export const UNSEALED_BYTES = { total: 256 * MIB, perTenant: 64 * MIB } as const;

/**
 * Snapshots that wait to be compressed. Workers create them faster than they are compressed, so a tenant with
 * too many waits until there are fewer; at most one more then comes from each worker.
 */
export class Unsealed {
  readonly #onFewer: () => void;
  readonly #ofTenant = new Map<TenantKey, number>();
  #bytes = 0;

  /** @param onFewer called when executions may be started again */
  constructor(onFewer: () => void) {
    this.#onFewer = onFewer;
  }

  /** @returns a function that removes the snapshot, once */
  add(tenant: TenantKey, bytes: number): () => void {
    this.#count(tenant, bytes);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count(tenant, -bytes);
      this.#onFewer();
    };
  }

  /** Whether no execution of this tenant may be started. */
  isFull(tenant: TenantKey): boolean {
    if (this.#bytes === 0) return false;
    if (this.#bytes >= UNSEALED_BYTES.total) return true;
    return typeof tenant === 'string' && (this.#ofTenant.get(tenant) ?? 0) >= UNSEALED_BYTES.perTenant;
  }

  #count(tenant: TenantKey, bytes: number): void {
    this.#bytes += bytes;
    const left = (this.#ofTenant.get(tenant) ?? 0) + bytes;
    if (left > 0) this.#ofTenant.set(tenant, left);
    else this.#ofTenant.delete(tenant);
  }
}
