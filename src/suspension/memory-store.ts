import { randomBytes } from 'node:crypto';

import type {
  ClaimAnswer,
  FoundSuspension,
  SettleAnswer,
  StoredSuspension,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionStore,
  SuspensionSweep,
  SweepOptions,
} from '../api/suspension-store.js';
import {
  checkFence,
  checkFirst,
  checkLease,
  checkPage,
  checkSettlement,
  checkSweep,
  checkTime,
  matches,
} from './check.js';
import {
  type Decision,
  decideClaim,
  decideExpiry,
  decideRelease,
  decideRenewal,
  decideSettlement,
  initialLifecycle,
  type LifecycleState,
  stateOf,
} from './lifecycle.js';
import { alreadyThere, factsOf, isSame, type SuspensionFacts, storeClosed, toFound } from './views.js';

const KEY_BYTES = 32;
/** Sorting this many ids takes a millisecond. */
const SORTED_AT_ONCE = 1_000;
interface Kept {
  readonly facts: SuspensionFacts;
  readonly envelopeBytes: number;
  /** Released when it is settled. */
  envelope: Uint8Array | undefined;
  lifecycle: LifecycleState;
}

/**
 * Suspended handlers in the memory of this process, which are lost with it. Envelopes are kept without
 * copying, and released when they are settled. The caller limits how much is kept.
 */
export class MemoryStore implements SuspensionStore {
  readonly #kept = new Map<string, Kept>();
  readonly #key = randomBytes(KEY_BYTES);
  #isClosed = false;

  async key(): Promise<Uint8Array> {
    this.#requireOpen();
    return this.#key;
  }

  async put(suspension: StoredSuspension): Promise<void> {
    this.#requireOpen();
    checkFirst(suspension);
    const kept = this.#kept.get(suspension.id);
    if (kept === undefined) this.#add(suspension);
    else if (!isSame(kept.facts, kept.envelope, suspension)) throw alreadyThere(suspension.id);
  }

  async read(id: string): Promise<FoundSuspension | undefined> {
    this.#requireOpen();
    const kept = this.#kept.get(id);
    return kept === undefined ? undefined : toFound(kept.facts, kept.lifecycle, kept.envelope);
  }

  async claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer> {
    this.#requireOpen();
    checkLease(lease);
    checkTime('nowMs', nowMs);
    const envelope = this.#kept.get(id)?.envelope;
    const answer = this.#change(id, (lifecycle) => decideClaim(lifecycle, lease, nowMs));
    if (answer === undefined) return { kind: 'unknown' };
    if (answer.kind !== 'claimed') return answer;
    if (envelope === undefined) throw new Error('A suspension without an envelope was claimed.');
    return { ...answer, envelope };
  }

  async renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean> {
    this.#requireOpen();
    checkFence(fence);
    checkTime('leaseUntilMs', leaseUntilMs);
    return this.#change(id, (lifecycle) => decideRenewal(lifecycle, fence, leaseUntilMs)) ?? false;
  }

  async release(id: string, fence: number): Promise<boolean> {
    this.#requireOpen();
    checkFence(fence);
    return this.#change(id, (lifecycle) => decideRelease(lifecycle, fence)) ?? false;
  }

  async settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
  ): Promise<SettleAnswer> {
    this.#requireOpen();
    checkSettlement(id, fence, outcome, next);
    const answer = this.#change(id, (lifecycle) => decideSettlement(lifecycle, fence, outcome));
    if (answer?.kind === 'recorded' && next !== undefined) this.#add(next);
    return answer ?? { kind: 'unknown' };
  }

  async list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    this.#requireOpen();
    checkPage(options);
    const { after = '', limit } = options;
    const { ids, isLast } = firstOf(this.#kept.keys(), after, limit);
    const suspensions = ids.flatMap((id) => {
      const kept = this.#kept.get(id);
      if (kept === undefined) return [];
      const { facts, envelopeBytes, lifecycle } = kept;
      const summary = { ...facts, state: stateOf(lifecycle), envelopeBytes };
      if (!matches(options, summary)) return [];
      return [lifecycle.state === 'settled' ? { ...summary, storedBytes: lifecycle.outcome.content.length } : summary];
    });
    const last = ids.at(-1);
    return { suspensions, unreadable: [], ...(isLast || last === undefined ? {} : { next: last }) };
  }

  /** Kept in the order of their start: with a limit, the next call starts again, and finds those that are left. */
  async sweep(nowMs: number, options: SweepOptions = {}): Promise<SuspensionSweep> {
    this.#requireOpen();
    checkSweep(nowMs, options);
    const { limit = Number.POSITIVE_INFINITY } = options;
    const expired: string[] = [];
    const forgottenIds: string[] = [];
    let isFull = false;
    for (const [id, { lifecycle }] of this.#kept) {
      isFull = expired.length + forgottenIds.length >= limit;
      if (isFull) break;
      if (lifecycle.state === 'settled') {
        if (nowMs >= lifecycle.outcome.keepUntilMs) forgottenIds.push(id);
      } else if (this.#change(id, (current) => decideExpiry(current, nowMs))) {
        expired.push(id);
      }
    }
    for (const id of forgottenIds) this.#kept.delete(id);
    const forgotten = forgottenIds.length;
    return { expired, forgotten, ...(forgotten > 0 && { forgottenIds }), unreadable: [], ...(isFull && { next: '' }) };
  }

  async forget(ids: readonly string[]): Promise<void> {
    this.#requireOpen();
    for (const id of ids) if (this.#kept.get(id)?.lifecycle.state === 'settled') this.#kept.delete(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#kept.clear();
  }

  #add(suspension: StoredSuspension): void {
    const { id, envelope, expiresAtMs } = suspension;
    const lifecycle = initialLifecycle(expiresAtMs);
    this.#kept.set(id, { facts: factsOf(suspension), envelopeBytes: envelope.length, envelope, lifecycle });
  }

  /** Undefined for an unknown id. */
  #change<Answer>(id: string, decide: (lifecycle: LifecycleState) => Decision<Answer>): Answer | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    const { answer, next } = decide(kept.lifecycle);
    if (next !== undefined) {
      kept.lifecycle = next;
      if (next.state === 'settled') kept.envelope = undefined;
    }
    return answer;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw storeClosed();
  }
}

/** The first ids after `after`, in order. Sorts few more than it returns. */
function firstOf(
  ids: Iterable<string>,
  after: string,
  limit: number,
): { readonly ids: readonly string[]; readonly isLast: boolean } {
  let first: string[] = [];
  let last: string | undefined;
  for (const id of ids) {
    if (id <= after || (last !== undefined && id > last)) continue;
    first.push(id);
    if (first.length < 2 * limit + SORTED_AT_ONCE) continue;
    first = first.sort().slice(0, limit);
    last = first.at(-1);
  }
  first.sort();
  return { ids: first.slice(0, limit), isLast: last === undefined && first.length <= limit };
}
