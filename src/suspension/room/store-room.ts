import type { StoredSuspension, SuspensionStore, SuspensionSweep } from '../../api/suspension-store.js';
import type { SuspensionConfig } from '../../config/resolve-suspension.js';
import type { KeptUsage } from '../../metrics/kept-usage.js';
import { clearTimeout, nextTurn, performance, setTimeout } from '../../support/timers.js';
import type { OpenedStore, StoreCensus } from '../open-store.js';
import type { KeptRefusal } from './kept.js';
import { Ledger } from './ledger.js';

/**
 * How long the first handler waits for the count of a store that others may have filled. Later results apply
 * when they arrive.
 */
const FIRST_CENSUS_MS = 5_000;
/** Before a handler is refused, a store that others use is counted again, but not more often than this. */
const RECOUNT_AFTER_MS = 5_000;

/**
 * The room in a store: the usage by tenant, and who may use more.
 *
 * Changes by this process are counted at once. Changes by others are found by a census, at the first handler
 * and then periodically: between two of them, each process may use the room that it saw last.
 */
export class StoreRoom {
  readonly #store: SuspensionStore;
  readonly #ledger: Ledger;
  readonly #census: StoreCensus | undefined;
  /** The census in progress. */
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

  /** The handlers that wait and that this process suspended, as far as it knows. */
  get own(): number {
    return this.#ledger.own;
  }

  /** Refused handlers, by the scope of the bound. */
  get refused(): Readonly<Record<'total' | 'perTenant', number>> {
    return this.#refused;
  }

  /** Outcomes that were deleted early to make room. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Reserves a place; {@link withdraw} releases it.
   *
   * @param replaces the previous generation, which waits until it is recorded
   * @returns the reason if there is no room
   */
  async admit(suspension: StoredSuspension, replaces?: string): Promise<KeptRefusal | undefined> {
    const { id, tenant, envelope } = suspension;
    const refusal = await this.#ask(() => this.#ledger.admit(id, tenant, envelope.length, replaces));
    await this.#forgetSurplus();
    return refusal;
  }

  /** Like {@link admit} for a handler of any size, but reserves no place. */
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

  /** The store has stored it. */
  confirm(id: string): void {
    this.#ledger.confirm(id);
  }

  /** The store has not stored it, and the generation that it was to replace continues to wait. */
  withdraw(id: string, replaced?: string): void {
    this.#ledger.withdraw(id, replaced);
  }

  /** Of a handler that waits, as far as this process knows. */
  bytesOf(id: string): number | undefined {
    return this.#ledger.bytesOf(id);
  }

  /** Another process has stored it. */
  note(id: string, tenant: string | undefined, bytes: number): void {
    this.#ledger.note(id, tenant, bytes);
  }

  /** Its outcome is in the store. */
  async record(id: string, contentBytes: number, atMs: number): Promise<void> {
    this.#ledger.record(id, contentBytes, atMs);
    await this.#forgetSurplus();
  }

  /** The store no longer has it. */
  forget(id: string): void {
    this.#ledger.forget(id);
  }

  async noteSweep({ expired, forgottenIds = [] }: SuspensionSweep, nowMs: number): Promise<void> {
    for (const id of forgottenIds) this.#ledger.forget(id);
    for (const id of expired) this.#ledger.record(id, 0, nowMs);
    await this.#forgetSurplus();
  }

  /** Counts the changes of others, if it is time. */
  async countWhenDue(): Promise<void> {
    if (this.#census !== undefined && performance.now() - this.#countedAt >= this.#census.everyMs) await this.count();
  }

  /** Counts the whole content of a store that others use. If the store fails, it is counted another time. */
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

  /** Outcomes that cannot be deleted now are counted again by the next census. */
  async #forgetSurplus(): Promise<void> {
    const ids = this.#ledger.takeSurplus();
    if (ids.length === 0) return;
    this.#evicted += ids.length;
    await this.#store.forget?.(ids).catch(() => {});
  }
}

/** Resolves when the promise is settled, or the time has passed. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([done, over]);
  clearTimeout(timer);
}
