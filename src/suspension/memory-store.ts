import { randomBytes } from 'node:crypto';

import type {
  ClaimAnswer,
  FoundSuspension,
  SettleAnswer,
  StoredSuspension,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionStore,
  SuspensionSweep,
} from '../config/suspension-store.js';
import { checkFence, checkFirst, checkLease, checkPage, checkSettlement, checkTime } from './check.js';
import {
  type Decision,
  decideClaim,
  decideExpiry,
  decideRelease,
  decideRenewal,
  decideSettlement,
  initialStanding,
  type Standing,
  stateOf,
} from './standing.js';
import { alreadyThere, factsOf, isSame, type SuspensionFacts, storeClosed, toFound } from './views.js';

const KEY_BYTES = 32;
/** Outcomes take memory for nothing once nobody asks again. Of many, the oldest go before their time. */
const MAX_OUTCOMES = 10_000;
const MAX_OUTCOME_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly facts: SuspensionFacts;
  readonly envelopeBytes: number;
  /** Let go when it is settled. */
  envelope: Uint8Array | undefined;
  standing: Standing;
}

/**
 * Suspended handlers in the memory of this process, gone with it. Envelopes are kept as they are given, not copied, and let
 * go when they are settled. Of outcomes the last 10,000 are kept, or as many as have 32 MiB together.
 */
export class MemoryStore implements SuspensionStore {
  readonly #kept = new Map<string, Kept>();
  readonly #key = randomBytes(KEY_BYTES);
  /** What is settled, the oldest first, and how long its outcome is. */
  readonly #settled = new Map<string, number>();
  #settledBytes = 0;
  /** All ids in order, as of the last listing, while nothing was added or removed. */
  #order: readonly string[] | undefined;
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
    return kept === undefined ? undefined : toFound(kept.facts, kept.standing, kept.envelope);
  }

  async claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer> {
    this.#requireOpen();
    checkLease(lease);
    checkTime('nowMs', nowMs);
    const envelope = this.#kept.get(id)?.envelope;
    const answer = this.#change(id, (standing) => decideClaim(standing, lease, nowMs));
    if (answer === undefined) return { kind: 'unknown' };
    if (answer.kind !== 'claimed') return answer;
    if (envelope === undefined) throw new Error('A suspension without an envelope was claimed.');
    return { ...answer, envelope };
  }

  async renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean> {
    this.#requireOpen();
    checkFence(fence);
    checkTime('leaseUntilMs', leaseUntilMs);
    return this.#change(id, (standing) => decideRenewal(standing, fence, leaseUntilMs)) ?? false;
  }

  async release(id: string, fence: number): Promise<boolean> {
    this.#requireOpen();
    checkFence(fence);
    return this.#change(id, (standing) => decideRelease(standing, fence)) ?? false;
  }

  async settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
  ): Promise<SettleAnswer> {
    this.#requireOpen();
    checkSettlement(id, fence, outcome, next);
    const answer = this.#change(id, (standing) => decideSettlement(standing, fence, outcome));
    if (answer?.kind === 'recorded' && next !== undefined) this.#add(next);
    return answer ?? { kind: 'unknown' };
  }

  async list({ after = '', limit }: { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    this.#requireOpen();
    checkPage(limit);
    this.#order ??= [...this.#kept.keys()].sort();
    const start = firstAfter(this.#order, after);
    const ids = this.#order.slice(start, start + limit);
    const suspensions = ids.flatMap((id) => {
      const kept = this.#kept.get(id);
      if (kept === undefined) return [];
      const { facts, envelopeBytes, standing } = kept;
      return [{ ...facts, state: stateOf(standing), envelopeBytes }];
    });
    const last = ids.at(-1);
    const isLast = last === undefined || start + limit >= this.#order.length;
    return { suspensions, unreadable: [], ...(isLast ? {} : { next: last }) };
  }

  async sweep(nowMs: number): Promise<SuspensionSweep> {
    this.#requireOpen();
    checkTime('nowMs', nowMs);
    const expired: string[] = [];
    let forgotten = 0;
    for (const [id, { standing }] of this.#kept) {
      if (standing.state === 'settled') {
        if (nowMs < standing.outcome.keepUntilMs) continue;
        this.#forget(id);
        forgotten++;
      } else if (this.#change(id, (current) => decideExpiry(current, nowMs))) {
        expired.push(id);
      }
    }
    return { expired, forgotten, unreadable: [] };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#kept.clear();
    this.#settled.clear();
    this.#order = undefined;
  }

  #add(suspension: StoredSuspension): void {
    const { id, envelope, expiresAtMs } = suspension;
    const standing = initialStanding(expiresAtMs);
    this.#kept.set(id, { facts: factsOf(suspension), envelopeBytes: envelope.length, envelope, standing });
    this.#order = undefined;
  }

  /** Undefined for an id that nobody knows. */
  #change<Answer>(id: string, decide: (standing: Standing) => Decision<Answer>): Answer | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    const { answer, next } = decide(kept.standing);
    if (next !== undefined) {
      kept.standing = next;
      if (next.state === 'settled') {
        kept.envelope = undefined;
        this.#noteSettled(id, next.outcome);
      }
    }
    return answer;
  }

  #noteSettled(id: string, { content }: SuspensionOutcome): void {
    this.#settled.set(id, content.length);
    this.#settledBytes += content.length;
    for (const oldest of this.#settled.keys()) {
      if (this.#settled.size <= MAX_OUTCOMES && this.#settledBytes <= MAX_OUTCOME_BYTES) return;
      // The one that was just recorded is somebody's answer.
      if (oldest !== id) this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    this.#kept.delete(id);
    this.#settledBytes -= this.#settled.get(id) ?? 0;
    this.#settled.delete(id);
    this.#order = undefined;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw storeClosed();
  }
}

/** Index of the first id behind `after`, of ids in order. */
function firstAfter(ids: readonly string[], after: string): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] ?? '') <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
