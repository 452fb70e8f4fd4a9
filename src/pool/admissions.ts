import type { PoolConfig } from '../config/resolve-pool.js';
import type { Admission } from '../protocol/compile.js';
import type { TenantKey } from './job.js';
import { saturated } from './saturation.js';

/** The load of the pool, in total and for one tenant. */
export interface PoolLoad {
  readonly busy: number;
  /** Executions in the queue. */
  readonly waiting: number;
  waitingOf(tenant: TenantKey): number;
  /** The estimated wait behind this many executions, in milliseconds. */
  estimateWaitMs(waiting: number): number;
}

/**
 * Decides which calls may wait for a worker. A call is admitted before any work is done that takes time or
 * opens files. From then on it counts as waiting: while its handler is looked up, read or compiled, and while
 * it is queued.
 */
export class Admissions {
  readonly #config: Pick<PoolConfig, 'maxInstances' | 'maxQueue' | 'maxQueuePerTenant'>;
  readonly #load: PoolLoad;
  /** Admitted calls that are not in the queue. */
  #held = 0;
  /** The same, of tenants that have a name: the others have no bound of their own. */
  readonly #heldBy = new Map<string, number>();

  constructor(config: Pick<PoolConfig, 'maxInstances' | 'maxQueue' | 'maxQueuePerTenant'>, load: PoolLoad) {
    this.#config = config;
    this.#load = load;
  }

  /** @throws NexusError POOL_SATURATED */
  check(tenant: string | undefined): void {
    const { maxInstances, maxQueue, maxQueuePerTenant } = this.#config;
    const all = this.#load.waiting + this.#held;
    // Executions that a worker will start at once, even if it still has to boot, do not count as queued.
    const room = maxInstances - this.#load.busy;
    const queued = Math.max(0, all - room);
    if (all >= maxQueue + room) throw saturated({ queued, maxQueue, estimatedWaitMs: this.#load.estimateWaitMs(all) });
    if (tenant === undefined) return;
    const allOfTenant = this.#load.waitingOf(tenant) + (this.#heldBy.get(tenant) ?? 0);
    const roomForTenant = Math.max(0, room - (all - allOfTenant));
    if (allOfTenant < maxQueuePerTenant + roomForTenant) return;
    const queuedOfTenant = allOfTenant - roomForTenant;
    const estimatedWaitMs = this.#load.estimateWaitMs(all);
    throw saturated({ queued, tenant, queuedOfTenant, maxQueuePerTenant, estimatedWaitMs });
  }

  /** @throws NexusError POOL_SATURATED */
  admit(tenant: string | undefined): Admission {
    this.check(tenant);
    return new HeldAdmission((difference) => this.#count(tenant, difference));
  }

  #count(tenant: string | undefined, difference: 1 | -1): void {
    this.#held += difference;
    if (tenant === undefined) return;
    const held = (this.#heldBy.get(tenant) ?? 0) + difference;
    if (held === 0) this.#heldBy.delete(tenant);
    else this.#heldBy.set(tenant, held);
  }
}

class HeldAdmission implements Admission {
  readonly #count: (difference: 1 | -1) => void;
  #state: 'held' | 'lent' | 'released' = 'held';

  constructor(count: (difference: 1 | -1) => void) {
    this.#count = count;
    count(1);
  }

  lend(): void {
    if (this.#state !== 'held') return;
    this.#state = 'lent';
    this.#count(-1);
  }

  takeBack(): void {
    if (this.#state !== 'lent') return;
    this.#state = 'held';
    this.#count(1);
  }

  release(): void {
    if (this.#state === 'held') this.#count(-1);
    this.#state = 'released';
  }
}
