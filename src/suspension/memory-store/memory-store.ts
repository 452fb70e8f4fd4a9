import { randomBytes } from 'node:crypto';

import type {
  ClaimAnswer,
  DueSuspension,
  FoundSuspension,
  PostAnswer,
  SettleAnswer,
  StoredImages,
  StoredMessage,
  StoredSuspension,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionStore,
  SuspensionSweep,
  SweepOptions,
} from '../../api/suspension-store.js';
import { formatSuspensionId, parseSuspensionId, type SuspensionId } from '../../support/run-ids.js';
import {
  checkDue,
  checkFence,
  checkFirst,
  checkKnown,
  checkLease,
  checkMessage,
  checkPage,
  checkSettlement,
  checkSweep,
  checkTime,
  checkWake,
  matches,
} from '../check.js';
import { DueQueue } from '../due-queue.js';
import {
  type Decision,
  decideClaim,
  decideExpiry,
  decideRelease,
  decideRenewal,
  decideSettlement,
  dueness,
  initialLifecycle,
  type LifecycleState,
  stateOf,
} from '../lifecycle.js';
import { alreadyThere, dueOf, factsOf, isSame, type SuspensionFacts, storeClosed, toFound } from '../views.js';
import { MemoryImages } from './memory-images.js';
import { MemoryRun } from './memory-run.js';
import { SortedIds } from './sorted-ids.js';

const KEY_BYTES = 32;

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
  /** In the order of their start. */
  readonly #kept = new Map<string, Kept>();
  readonly #ids = new SortedIds();
  readonly #runs = new Map<string, MemoryRun>();
  /** By deployment. An entry may be late: what it says is checked. */
  readonly #due = new Map<string | undefined, DueQueue>();
  readonly #key = randomBytes(KEY_BYTES);
  #isClosed = false;
  readonly #images = new MemoryImages(() => this.#requireOpen());

  get images(): StoredImages {
    return this.#images;
  }

  async key(): Promise<Uint8Array> {
    this.#requireOpen();
    return this.#key;
  }

  async put(suspension: StoredSuspension): Promise<void> {
    this.#requireOpen();
    checkFirst(suspension);
    const kept = this.#kept.get(suspension.id);
    if (kept === undefined && this.#runOf(suspension.id) === undefined) this.#add(suspension);
    else if (kept === undefined || !isSame(kept.facts, kept.envelope, suspension)) throw alreadyThere(suspension.id);
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
    const run = this.#runOf(id);
    const ids = run?.messageIds ?? [];
    const answer = this.#change(id, (lifecycle) => decideClaim(lifecycle, lease, nowMs, ids));
    if (answer === undefined) return { kind: 'unknown' };
    if (answer.kind !== 'claimed') return answer;
    if (envelope === undefined) throw new Error('A suspension without an envelope was claimed.');
    return { ...answer, envelope, messages: run?.messages ?? [] };
  }

  async renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean> {
    this.#requireOpen();
    checkFence(fence);
    checkTime('leaseUntilMs', leaseUntilMs);
    return this.#change(id, (lifecycle) => decideRenewal(lifecycle, fence, leaseUntilMs)) ?? false;
  }

  async release(id: string, fence: number, next?: { readonly dueAtMs?: number }): Promise<boolean> {
    this.#requireOpen();
    checkFence(fence);
    checkWake(next);
    const isReleased = this.#change(id, (lifecycle) => decideRelease(lifecycle, fence, next)) ?? false;
    if (isReleased) this.#expect(id);
    return isReleased;
  }

  async settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
    consumed: readonly string[] = [],
  ): Promise<SettleAnswer> {
    this.#requireOpen();
    checkSettlement(id, fence, outcome, next, consumed);
    const answer = this.#change(id, (lifecycle) => decideSettlement(lifecycle, fence, outcome));
    if (answer?.kind === 'recorded') {
      this.#runOf(id)?.consume(consumed);
      if (next !== undefined) this.#add(next);
    }
    return answer ?? { kind: 'unknown' };
  }

  async current(runId: string): Promise<FoundSuspension | undefined> {
    this.#requireOpen();
    const run = this.#runs.get(runId);
    return run && this.read(run.current);
  }

  async messages(runId: string, known: readonly string[] = []): Promise<readonly StoredMessage[]> {
    this.#requireOpen();
    checkKnown(known);
    const has = new Set(known);
    return (this.#runs.get(runId)?.messages ?? []).filter(({ id }) => !has.has(id));
  }

  async post(runId: string, message: StoredMessage): Promise<PostAnswer> {
    this.#requireOpen();
    checkMessage(message);
    const run = this.#runs.get(runId);
    const kept = run && this.#kept.get(run.current);
    if (run === undefined || kept === undefined) return 'unknown';
    if (kept.lifecycle.state === 'settled') return 'ended';
    const answer = run.post(message);
    if (answer === 'accepted') this.#expect(run.current);
    return answer;
  }

  async due(
    nowMs: number,
    options: { readonly limit: number; readonly deployment?: string },
  ): Promise<readonly DueSuspension[]> {
    this.#requireOpen();
    checkDue(nowMs, options);
    const { limit, deployment } = options;
    const queues = deployment === undefined ? [...this.#due.values()] : [this.#due.get(deployment) ?? new DueQueue()];
    const found = new Map<string, DueSuspension>();
    const again: (() => void)[] = [];
    while (found.size < limit && queues.length > 0) {
      const queue = queues.reduce((first, other) => (other.firstMs < first.firstMs ? other : first));
      const entry = queue.take(nowMs);
      if (entry === undefined) break;
      const { id, atMs } = entry;
      const kept = this.#kept.get(id);
      if (kept === undefined || found.has(id)) continue;
      const { lifecycle, facts } = kept;
      const is = dueness(lifecycle, this.#runOf(id)?.messageIds ?? [], nowMs);
      // Until somebody has claimed it, and once more when the lease of that one has lapsed.
      if (is === 'due') again.push(() => queue.add(atMs, id));
      if (is === 'leased' && lifecycle.state === 'resuming') again.push(() => queue.add(lifecycle.leaseUntilMs, id));
      if (is === 'due') found.set(id, dueOf(facts));
    }
    for (const add of again) add();
    return [...found.values()];
  }

  async list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    this.#requireOpen();
    checkPage(options);
    const { after = '', limit } = options;
    const found = this.#ids.after(after, limit + 1);
    const ids = found.slice(0, limit);
    const suspensions = ids.flatMap((id) => {
      const kept = this.#kept.get(id);
      if (kept === undefined) return [];
      const { facts, envelopeBytes, lifecycle } = kept;
      const summary = { ...facts, state: stateOf(lifecycle), envelopeBytes };
      if (!matches(options, summary)) return [];
      return [lifecycle.state === 'settled' ? { ...summary, storedBytes: lifecycle.outcome.content.length } : summary];
    });
    const last = ids.at(-1);
    return { suspensions, unreadable: [], ...(found.length > limit && last !== undefined && { next: last }) };
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
    for (const id of forgottenIds) this.#delete(id);
    const forgotten = forgottenIds.length;
    return { expired, forgotten, ...(forgotten > 0 && { forgottenIds }), unreadable: [], ...(isFull && { next: '' }) };
  }

  async forget(ids: readonly string[]): Promise<void> {
    this.#requireOpen();
    for (const id of ids) if (this.#kept.get(id)?.lifecycle.state === 'settled') this.#delete(id);
  }

  async erase(runIds: readonly string[]): Promise<void> {
    this.#requireOpen();
    for (const runId of runIds) {
      const run = this.#runs.get(runId);
      if (run === undefined) continue;
      const { generation } = parseSuspensionId(run.current) as SuspensionId;
      for (let each = generation; run.generations > 0 && each > 0; each--) {
        if (this.#remove(formatSuspensionId({ runId, generation: each }))) run.generations--;
      }
      this.#runs.delete(runId);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#kept.clear();
    this.#ids.clear();
    this.#runs.clear();
    this.#due.clear();
    this.#images.clear();
  }

  #add(suspension: StoredSuspension): void {
    const { id, envelope } = suspension;
    const lifecycle = initialLifecycle(suspension);
    this.#kept.set(id, { facts: factsOf(suspension), envelopeBytes: envelope.length, envelope, lifecycle });
    this.#ids.add(id);
    const { runId } = parseSuspensionId(id) as SuspensionId;
    const run = this.#runs.get(runId);
    if (run === undefined) this.#runs.set(runId, new MemoryRun(id));
    else {
      run.current = id;
      run.generations++;
    }
    this.#expect(id);
  }

  #delete(id: string): void {
    this.#remove(id);
    const run = this.#runOf(id);
    if (run !== undefined && --run.generations === 0) this.#runs.delete((parseSuspensionId(id) as SuspensionId).runId);
  }

  #remove(id: string): boolean {
    this.#ids.delete(id);
    return this.#kept.delete(id);
  }

  #runOf(id: string): MemoryRun | undefined {
    const runId = parseSuspensionId(id)?.runId;
    return runId === undefined ? undefined : this.#runs.get(runId);
  }

  /** It may be due, or become so. */
  #expect(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.lifecycle.state === 'settled') return;
    const hasMessages = (this.#runOf(id)?.messageIds.length ?? 0) > 0;
    const atMs = hasMessages ? 0 : kept.lifecycle.dueAtMs;
    if (atMs === undefined) return;
    const { deployment } = kept.facts;
    let queue = this.#due.get(deployment);
    if (queue === undefined) {
      queue = new DueQueue();
      this.#due.set(deployment, queue);
    }
    queue.add(atMs, id);
    // Behind messages that do not make it due, it may have a time.
    if (hasMessages && kept.lifecycle.dueAtMs !== undefined) queue.add(kept.lifecycle.dueAtMs, id);
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
