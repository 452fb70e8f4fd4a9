import type { StoredSuspension, SuspensionStore, SuspensionSweep } from '../api/suspension-store.js';
import type { SuspensionConfig } from '../config/resolve-suspension.js';
import type { KeptUsage } from '../metrics/kept-usage.js';
import { clearTimeout, nextTurn, performance, setTimeout } from '../support/timers.js';
import type { KeptRefusal } from './kept.js';
import { Ledger } from './ledger.js';
import type { OpenedStore, StoreCensus } from './open-store.js';

/** How long the first handler waits until a store is counted that others filled. What is counted later counts then. */
const FIRST_CENSUS_MS = 5_000;
/** Before one more is refused, a store that others use is counted again, but not more often. */
const RECOUNT_AFTER_MS = 5_000;

/**
 * The room in a store: who takes how much of it, and who may take more.
 *
 * Everything that this process does is counted as it is done. What others do to the same store is seen by a census, at the first handler
 * and from time to time after it: between two of them, each process may use the room that it saw.
 */
export class StoreRoom {
  readonly #store: SuspensionStore;
  readonly #ledger: Ledger;
  readonly #census: StoreCensus | undefined;
  /** Under way. */
  #counting: Promise<void> | undefined;
  #isCounted = false;
  /** By `performance.now()`. */
  #countedAt = Number.NEGATIVE_INFINITY;
  #refused = { total: 0, perTenant: 0 };
  #evicted = 0;

  constructor({ store, traits, outcomeShare, census }: OpenedStore, config: SuspensionConfig) {
    this.#store = store;
    this.#census = census;
    const { maxSuspensions: suspensions, maxSuspendedBytes: bytes } = config;
    this.#ledger = new Ledger({ suspensions, bytes, outcomeShare }, traits);
  }

  get usage(): KeptUsage {
    return this.#ledger.usage;
  }

  /** Handlers that were refused, by the scope of the bound. */
  get refused(): Readonly<Record<'total' | 'perTenant', number>> {
    return this.#refused;
  }

  /** Outcomes that made room before their time. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Takes a place; it is given back by {@link withdraw}.
   *
   * @param replaces the generation before it, which waits until it is recorded
   * @returns why there is none
   */
  async admit(suspension: StoredSuspension, replaces?: string): Promise<KeptRefusal | undefined> {
    const { id, tenant, envelope } = suspension;
    const refusal = await this.#ask(() => this.#ledger.admit(id, tenant, envelope.length, replaces));
    await this.#forgetSurplus();
    return refusal;
  }

  /** As {@link admit} would answer for a handler of any size. Takes no place. */
  refusalOf(tenant: string | undefined, replaces?: string): Promise<KeptRefusal | undefined> {
    return this.#ask(() => this.#ledger.refusalOf(tenant, 1, replaces));
  }

  async #ask(attempt: () => KeptRefusal | undefined): Promise<KeptRefusal | undefined> {
    if (this.#census !== undefined && !this.#isCounted) await within(FIRST_CENSUS_MS, this.count());
    let refusal = attempt();
    if (refusal !== undefined && this.#isStale) {
      await within(FIRST_CENSUS_MS, this.count());
      refusal = attempt();
    }
    if (refusal !== undefined) this.#refused[refusal.scope]++;
    return refusal;
  }

  /** The store has it. */
  confirm(id: string): void {
    this.#ledger.confirm(id);
  }

  /** The store does not have it, and what it was to replace waits on. */
  withdraw(id: string, replaced?: string): void {
    this.#ledger.withdraw(id, replaced);
  }

  /** It waits in the store, whoever put it there. */
  note(id: string, tenant: string | undefined, bytes: number): void {
    this.#ledger.note(id, tenant, bytes);
  }

  /** Its outcome is in the store. */
  async record(id: string, contentBytes: number, atMs: number): Promise<void> {
    this.#ledger.record(id, contentBytes, atMs);
    await this.#forgetSurplus();
  }

  /** The store has nothing of it any more. */
  forget(id: string): void {
    this.#ledger.forget(id);
  }

  async noteSweep({ expired, forgottenIds = [] }: SuspensionSweep, nowMs: number): Promise<void> {
    for (const id of forgottenIds) this.#ledger.forget(id);
    for (const id of expired) this.#ledger.record(id, 0, nowMs);
    await this.#forgetSurplus();
  }

  /** Counts what others did, if it is time to. */
  async countWhenDue(): Promise<void> {
    if (this.#census !== undefined && performance.now() - this.#countedAt >= this.#census.everyMs) await this.count();
  }

  /** Counts all of a store that others use. A store that fails is counted another time. */
  count(): Promise<void> {
    this.#counting ??= this.#count()
      .catch(() => {})
      .finally(() => {
        this.#counting = undefined;
      });
    return this.#counting;
  }

  async #count(): Promise<void> {
    if (this.#census === undefined) return;
    const known = this.#ledger.beginCensus();
    await this.#census.count(known, (sizes) => this.#ledger.apply(sizes));
    for (const _ of this.#ledger.endCensus()) await nextTurn();
    this.#countedAt = performance.now();
    this.#isCounted = true;
    await this.#forgetSurplus();
  }

  get #isStale(): boolean {
    return this.#census !== undefined && performance.now() - this.#countedAt >= RECOUNT_AFTER_MS;
  }

  /** What cannot be forgotten now is counted again by the next census. */
  async #forgetSurplus(): Promise<void> {
    const ids = this.#ledger.takeSurplus();
    if (ids.length === 0) return;
    this.#evicted += ids.length;
    await this.#store.forget?.(ids).catch(() => {});
  }
}

/** Resolves when it is done, or the time is over. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([done, over]);
  clearTimeout(timer);
}
