import type { KeptUsage } from '../../metrics/kept-usage.js';
import { Account, type Entry } from './account.js';
import type { Bound, KeptBounds, KeptRefusal, KeptSize, KeptTraits, KnownVersions } from './kept.js';

/**
 * The number of entries that are checked, and of outcomes that make room, at a time: more would block the
 * thread.
 */
const ENTRIES_AT_ONCE = 10_000;
const EVICTIONS_AT_ONCE = 1_000;

/**
 * Counts the content of a store and decides whether there is room for more. All methods are synchronous, so
 * concurrent calls are counted one after the other. A place is reserved before the store is called, and
 * released if the store fails.
 *
 * Waiting handlers are refused if there is no room. Outcomes are never refused: the oldest make room for
 * newer ones and for waiting handlers, those of the same tenant first.
 */
export class Ledger {
  readonly #bounds: KeptBounds;
  readonly #traits: KeptTraits;
  readonly #entries = new Map<string, Entry>();
  readonly #all = new Account();
  readonly #tenants = new Map<string, Account>();
  #surplus: string[] = [];
  #census = 0;

  constructor(bounds: KeptBounds, traits: KeptTraits) {
    this.#bounds = bounds;
    this.#traits = traits;
  }

  get usage(): KeptUsage {
    return this.#all.usage;
  }

  /** How many wait that this process suspended. */
  get own(): number {
    return this.#all.own;
  }

  usageOf(tenant: string): KeptUsage | undefined {
    return this.#tenants.get(tenant)?.usage;
  }

  /**
   * Reserves a place for a waiting handler, pending until {@link confirm} or {@link withdraw}.
   *
   * @param replaces the previous generation, which waits until then
   * @returns the reason if there is no room
   */
  admit(id: string, tenant: string | undefined, bytes: number, replaces?: string): KeptRefusal | undefined {
    const refusal = this.refusalOf(tenant, bytes, replaces);
    if (refusal !== undefined) return refusal;
    const leaving = this.#waiting(replaces);
    if (leaving !== undefined && replaces !== undefined) this.#set(replaces, { ...leaving, state: 'moved' });
    this.#set(id, {
      tenant,
      bytes,
      state: 'waiting',
      atMs: 0,
      isOwn: true,
      isPending: true,
      version: undefined,
      seen: this.#census,
    });
    this.#makeRoom(tenant, undefined);
    return undefined;
  }

  /** What {@link admit} would return. */
  refusalOf(tenant: string | undefined, bytes: number, replaces?: string): KeptRefusal | undefined {
    const leaving = this.#waiting(replaces);
    for (const scope of this.#scopesOf(tenant)) {
      const isIn = scope.scope === 'total' || leaving?.tenant === tenant;
      const refusal = this.#refusalIn(scope, bytes, isIn ? leaving : undefined);
      if (refusal !== undefined) return { ...refusal, tenant };
    }
    return undefined;
  }

  /** Of a waiting handler, if it is known. */
  bytesOf(id: string): number | undefined {
    return this.#waiting(id)?.bytes;
  }

  /** The store has stored it. */
  confirm(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#set(id, { ...entry, isPending: false, seen: this.#census });
  }

  /**
   * The store has not stored it.
   *
   * @param replaced the generation that it was to replace, which continues to wait
   */
  withdraw(id: string, replaced?: string): void {
    this.forget(id);
    const before = replaced === undefined ? undefined : this.#entries.get(replaced);
    if (before?.state === 'moved' && replaced !== undefined) this.#set(replaced, { ...before, state: 'waiting' });
  }

  /** Notes a waiting handler that another process has stored. */
  note(id: string, tenant: string | undefined, bytes: number): void {
    if (this.#entries.has(id)) return;
    this.#set(id, {
      tenant,
      bytes,
      state: 'waiting',
      atMs: 0,
      isOwn: false,
      isPending: false,
      version: undefined,
      seen: this.#census,
    });
  }

  /**
   * Its outcome was recorded. If there is no room for the outcome even after making room, the outcome itself
   * is deleted.
   */
  record(id: string, contentBytes: number, atMs: number): void {
    const entry = this.#entries.get(id);
    // An unknown one is counted with its tenant by the next census.
    if (entry === undefined || entry.state === 'outcome') return;
    const bytes = (this.#traits.retainsEnvelopes ? entry.bytes : 0) + contentBytes;
    const { tenant, isOwn } = entry;
    const recorded = { tenant, bytes, state: 'outcome', atMs, isOwn, isPending: false } as const;
    this.#set(id, { ...recorded, version: undefined, seen: this.#census });
    this.#makeRoom(tenant, id);
  }

  /** The store no longer has it. */
  forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#all.remove(id, entry);
    if (entry.tenant === undefined) return;
    const account = this.#tenants.get(entry.tenant);
    account?.remove(id, entry);
    if (account?.isEmpty) this.#tenants.delete(entry.tenant);
  }

  /** Returns outcomes that the store must delete and that are no longer counted. Each is returned once. */
  takeSurplus(): readonly string[] {
    const surplus = this.#surplus;
    this.#surplus = [];
    return surplus;
  }

  /**
   * Starts a census: {@link apply} then reports the content of the store. Changes that this process makes
   * meanwhile take precedence.
   */
  beginCensus(): KnownVersions {
    this.#census++;
    return (id) => this.#entries.get(id)?.version;
  }

  apply(sizes: readonly KeptSize[]): void {
    for (const size of sizes) {
      const known = this.#entries.get(size.id);
      if (known !== undefined && (known.isPending || known.state === 'moved' || known.seen === this.#census)) continue;
      if (size.isUnchanged) {
        if (known !== undefined) known.seen = this.#census;
        continue;
      }
      const { id, tenant, bytes, isSettled, atMs, version } = size;
      const state = isSettled ? 'outcome' : 'waiting';
      const isOwn = known?.isOwn ?? false;
      this.#set(id, { tenant, bytes, state, atMs, isOwn, isPending: false, version, seen: this.#census });
    }
  }

  /** What the census has not seen is removed. Yields now and then so that other work can run. */
  *endCensus(): Generator<void> {
    let looked = 0;
    for (const [id, { seen, isPending, state }] of this.#entries) {
      if (seen < this.#census && !isPending && state !== 'moved') this.forget(id);
      if (++looked % ENTRIES_AT_ONCE === 0) yield;
    }
    this.#makeRoom(undefined, undefined);
    for (const tenant of this.#tenants.keys()) this.#makeRoom(tenant, undefined);
  }

  #waiting(id: string | undefined): Entry | undefined {
    const entry = id === undefined ? undefined : this.#entries.get(id);
    return entry?.state === 'waiting' ? entry : undefined;
  }

  #scopesOf(tenant: string | undefined): { readonly account: Account; readonly scope: keyof Bound }[] {
    const all = { account: this.#all, scope: 'total' as const };
    if (tenant === undefined) return [all];
    return [{ account: this.#tenants.get(tenant) ?? new Account(), scope: 'perTenant' }, all];
  }

  #refusalIn(
    { account, scope }: { readonly account: Account; readonly scope: keyof Bound },
    bytes: number,
    leaving: Entry | undefined,
  ): Omit<KeptRefusal, 'tenant'> | undefined {
    const { suspensions, bytes: most } = this.#bounds;
    const usage = account.usage;
    if (usage.waiting + (leaving === undefined ? 1 : 0) > suspensions[scope]) {
      return { limit: 'maxSuspensions', scope, value: suspensions[scope], usage };
    }
    const fixed = usage.waitingBytes - (leaving?.bytes ?? 0) + (this.#traits.forgets ? 0 : usage.outcomeBytes);
    if (fixed + bytes <= most[scope]) return undefined;
    return { limit: 'maxSuspendedBytes', scope, value: most[scope], usage };
  }

  /** @param newest is last among those of its age */
  #makeRoom(tenant: string | undefined, newest: string | undefined): void {
    if (!this.#traits.forgets) return;
    for (const { account, scope } of this.#scopesOf(tenant)) {
      for (let evicted = 0; evicted < EVICTIONS_AT_ONCE && account.outcomes > 0; evicted++) {
        const id = account.queue.oldest();
        if (id === undefined || !this.#isOver(account, scope, id === newest)) break;
        this.forget(id);
        this.#surplus.push(id);
      }
    }
  }

  /** @param isLast whether there is one outcome left, which may take more than the share of outcomes */
  #isOver(account: Account, scope: keyof Bound, isLast: boolean): boolean {
    const { suspensions, bytes, outcomeShare } = this.#bounds;
    if (account.waitingBytes + account.outcomeBytes > bytes[scope]) return true;
    if (isLast) return false;
    return account.outcomes > suspensions[scope] || account.outcomeBytes > bytes[scope] * outcomeShare;
  }

  #set(id: string, entry: Entry): void {
    this.forget(id);
    this.#entries.set(id, entry);
    this.#all.add(id, entry);
    if (entry.tenant === undefined) return;
    let account = this.#tenants.get(entry.tenant);
    if (account === undefined) {
      account = new Account();
      this.#tenants.set(entry.tenant, account);
    }
    account.add(id, entry);
  }
}
