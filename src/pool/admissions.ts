import type { PoolConfig } from '../config/resolve-pool.js';
import type { Admission } from '../protocol/compile.js';
import type { TenantKey } from './job.js';
import { saturated } from './saturation.js';

/** What is under way and waits in the pool, of all and of one tenant. */
export interface PoolLoad {
  readonly busy: number;
  /** In the queue. */
  readonly waiting: number;
  waitingOf(tenant: TenantKey): number;
  /** Of one that is queued behind so many, in milliseconds. */
  estimateWaitMs(waiting: number): number;
}

/**
 * Who may wait for a worker. A call is admitted before anything is done for it that takes time or opens files, and counts as waiting from
 * then on: while its handler is looked up, read or compiled, and while it is queued.
 */
export class Admissions {
  readonly #config: Pick<PoolConfig, 'maxInstances' | 'maxQueue' | 'maxQueuePerTenant'>;
  readonly #load: PoolLoad;
  /** Calls that are admitted and not in the queue. */
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
    // What a worker will take at once, be it one that has yet to start, is no queue.
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
