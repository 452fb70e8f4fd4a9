import type { TenantKey } from './job.js';

const MIB = 1024 ** 2;

/** What may wait to be sealed, in bytes, before nothing more is begun: in all, and of one tenant that has a name. */
export const UNSEALED_BYTES = { total: 256 * MIB, perTenant: 64 * MIB } as const;

/**
 * Snapshots as they came out of their VMs, until they are compressed. Workers make them faster than they are compressed, so a tenant with
 * too many waits until there are fewer: at most one more comes from each worker then.
 */
export class Unsealed {
  readonly #onFewer: () => void;
  readonly #ofTenant = new Map<TenantKey, number>();
  #bytes = 0;

  /** @param onFewer told when somebody may go on */
  constructor(onFewer: () => void) {
    this.#onFewer = onFewer;
  }

  /** @returns what ends it, once */
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

  /** Whether nothing of this tenant is to be begun. */
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
